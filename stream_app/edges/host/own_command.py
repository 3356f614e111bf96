"""How this program is called from a shell, so that a printed command runs as it is."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

_NAME = "fairstream"


def own_command() -> str:
    """Return the words that call this program: its name where the shell finds it, else its path or its module."""
    script = Path(sys.executable).parent / _NAME
    found = shutil.which(_NAME)
    if found is not None and script.exists() and Path(found).samefile(script):
        return _NAME
    if not script.exists():
        return f"{shlex.quote(sys.executable)} -m stream_app"
    below = Path.cwd() in script.parents
    return shlex.quote(str(script.relative_to(Path.cwd()) if below else script))
