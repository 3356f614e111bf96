"""Compiles the text of a Protobuf schema, with the compiler of grpcio-tools in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from stream_app.extras import import_extra

_TIMEOUT_S = 60
_MAIN = "fairstream-schema.proto"
_DESCRIPTORS = "descriptors"


def require_compiler() -> None:
    """Check that the compiler is installed.

    Raises:
        DependencyMissingError: it is not.
    """
    import_extra("grpc_tools", "A topic in Protobuf")


def compile_text(text: str, references: dict[str, str]) -> bytes:
    """Return a schema as serialized ``FileDescriptorSet``: its file last, before it all that it imports.

    Args:
        text: The schema.
        references: Text of each file that it imports, by the name in the import; Google's own need not be among them.

    Raises:
        ValueError: it cannot be compiled.
    """
    with tempfile.TemporaryDirectory(prefix="fairstream-") as name:
        folder = Path(name)
        for path, content in {**references, _MAIN: text}.items():
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise ValueError("a reference outside of the folder")
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, "utf-8")
        command = [sys.executable, "-P", "-m", "grpc_tools.protoc", f"-I{folder}", "--include_imports"]
        try:
            compiled = subprocess.run(
                [*command, f"--descriptor_set_out={folder / _DESCRIPTORS}", _MAIN],
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ValueError("the compiler does not end") from None
        if compiled.returncode:
            raise ValueError("the compiler rejects it")
        return (folder / _DESCRIPTORS).read_bytes()
