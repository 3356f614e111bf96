"""From TOML to a checked policy."""

from __future__ import annotations

import errno
import tomllib
from pathlib import Path

import msgspec

from stream_app.errors import ConfigError, PolicyError
from stream_app.policy.check import check_policy
from stream_app.policy.former_names import with_current_names, with_text_labels
from stream_app.policy.messages import explain
from stream_app.policy.model import Policy
from stream_app.small_file import cannot_read, read_small_file

SHIPPED = Path(__file__).parent.parent / "policies"


_WITH_A_REASON = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR}  # of other paths, no policy is there


def shipped_names() -> list[str]:
    """List the names of the shipped policies.

    >>> "loans" in shipped_names()
    True
    """
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_policy(source: str) -> Policy:
    """Read and check a policy.

    Args:
        source: Name of a shipped policy (``loans``, ``loanapp``, ``camera``) or path of a TOML file.

    Raises:
        PolicyError: with the path of the field, what is wrong and what is allowed.

    >>> load_policy("loans").models[0].attributes[0].reference
    'male'
    """
    return parse_policy(read_policy_text(source))


def read_policy_text(source: str) -> str:
    """Read the TOML text of a policy.

    Args:
        source: Name of a shipped policy or path of a file.

    Raises:
        PolicyError: there is no such policy, or it is not a file of text of a policy's size.
    """
    try:
        return read_small_file(SHIPPED / f"{source}.toml" if source in shipped_names() else Path(source))
    except UnicodeDecodeError:
        raise PolicyError(f"The policy {source!r} is not UTF-8 text", action="Save the file as UTF-8") from None
    except ConfigError as error:
        raise PolicyError(error.message, action=error.action) from None
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        if isinstance(error, OSError) and error.errno in _WITH_A_REASON:
            fault = cannot_read(f"the policy {source!r}", error)
            raise PolicyError(fault.message, action=fault.action) from None
        known = ", ".join(shipped_names())
        raise PolicyError(f"Policy {source!r} not found", action=f"Give a TOML file, or one of: {known}") from None


def parse_policy(text: str) -> Policy:
    """Turn TOML text into a checked policy.

    Raises:
        PolicyError: with the path of the field, what is wrong and what is allowed.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"The policy is not valid TOML: {error}") from None
    data = with_text_labels(with_current_names(data))
    try:
        policy = msgspec.convert(data, Policy)
    except msgspec.ValidationError as error:
        raise explain(str(error), data, Policy) from None
    check_policy(policy)
    return policy
