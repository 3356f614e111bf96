"""Examples in docstrings as code: doctests stand without a heading in our docstrings, which Markdown would quote."""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?:^ *>>> .*\n(?:^ *\S.*\n)*)+", re.MULTILINE)


def fence_examples(text: str) -> str:
    r"""Return a docstring whose doctests are fenced blocks of code.

    >>> fence_examples("One.\n\n>>> 1 + 1\n2").splitlines()
    ['One.', '', '```pycon', '>>> 1 + 1', '2', '```']
    """
    return _EXAMPLE.sub(lambda match: f"```pycon\n{match[0].rstrip()}\n```\n", text + "\n").rstrip() + "\n"


class Doctests(griffe.Extension):
    """Fences the doctests of everything that is documented."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of an object that was loaded."""
        if obj.docstring is not None and ">>>" in obj.docstring.value:
            obj.docstring.value = fence_examples(obj.docstring.value)
