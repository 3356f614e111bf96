r"""Commands on paper: broken between words only, with a backslash at the end of a line, so that a copy runs.

>>> print("\n".join(command_lines("fairstream replay count --from 2026-11-01T00:00:00Z --json", width=40)))
fairstream replay count \
  --from 2026-11-01T00:00:00Z --json
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.render.escaping import escape

WIDTH = 84  # characters of the command style that fit on a page
_INDENT = "  "
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+""")


def write_command(command: str) -> str:
    """Write a command as HTML.

    Args:
        command: The command, as a shell takes it.
    """
    text = "\n".join(command_lines(command))
    return f'<pre class="shell">{escape(text)}</pre>'


def command_lines(command: str, *, width: int = WIDTH) -> list[str]:
    """Break a command into lines that a shell takes as one command; a flag and its value stay on one line.

    Args:
        command: The command, as a shell takes it.
        width: Most characters in a line; a longer word gets a line of its own.
    """
    lines = [""]
    for part in _parts(command):
        line = f"{lines[-1]} {part}" if lines[-1] else part
        if not lines[-1] or len(line) + len(" \\") <= width:
            lines[-1] = line
        else:
            lines.append(_INDENT + part)
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _parts(command: str) -> Iterator[str]:
    """Yield each word, a flag together with its value."""
    words = _WORD.findall(command)
    number = 0
    while number < len(words):
        has_value = words[number].startswith("--") and number + 1 < len(words) and not words[number + 1].startswith("-")
        yield " ".join(words[number : number + 1 + has_value])
        number += 1 + has_value
