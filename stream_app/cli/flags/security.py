"""Flags of TLS, SASL and the schema registry, of every command that takes ``--kafka``; its help names them in one line.

They are added to a command after it was made, so that no command has to pass twenty values on: ``read_settings`` asks
for what was given.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand

_given: ContextVar[dict[str, str | bool]] = ContextVar("security flags of the command that runs")

Text = str | None
Flag = bool | None


def _hidden(flag: str, metavar: str | None = None) -> Any:
    return typer.Option(flag, metavar=metavar, hidden=True, show_default=False)


def _flags(  # noqa: PLR0913  # one for each setting
    *,
    security_protocol: Annotated[Text, _hidden("--security-protocol", "PROTOCOL")] = None,
    ssl_ca_file: Annotated[Text, _hidden("--ssl-ca-file", "FILE")] = None,
    ssl_certificate_file: Annotated[Text, _hidden("--ssl-certificate-file", "FILE")] = None,
    ssl_key_file: Annotated[Text, _hidden("--ssl-key-file", "FILE")] = None,
    ssl_key_password_file: Annotated[Text, _hidden("--ssl-key-password-file", "FILE")] = None,
    ssl_check_hostname: Annotated[Flag, _hidden("--ssl-check-hostname/--no-ssl-check-hostname")] = None,
    sasl_mechanism: Annotated[Text, _hidden("--sasl-mechanism", "MECHANISM")] = None,
    sasl_username: Annotated[Text, _hidden("--sasl-username", "USER")] = None,
    sasl_password_file: Annotated[Text, _hidden("--sasl-password-file", "FILE")] = None,
    oauth_token_url: Annotated[Text, _hidden("--oauth-token-url", "URL")] = None,
    oauth_client_id: Annotated[Text, _hidden("--oauth-client-id", "ID")] = None,
    oauth_client_secret_file: Annotated[Text, _hidden("--oauth-client-secret-file", "FILE")] = None,
    oauth_scope: Annotated[Text, _hidden("--oauth-scope", "SCOPE")] = None,
    oauth_ca_file: Annotated[Text, _hidden("--oauth-ca-file", "FILE")] = None,
    insecure: Annotated[Flag, _hidden("--insecure")] = None,
    registry_url: Annotated[Text, _hidden("--registry-url", "URL")] = None,
    registry_username: Annotated[Text, _hidden("--registry-username", "USER")] = None,
    registry_password_file: Annotated[Text, _hidden("--registry-password-file", "FILE")] = None,
    registry_ca_file: Annotated[Text, _hidden("--registry-ca-file", "FILE")] = None,
    registry_certificate_file: Annotated[Text, _hidden("--registry-certificate-file", "FILE")] = None,
    registry_key_file: Annotated[Text, _hidden("--registry-key-file", "FILE")] = None,
) -> None:
    """Take the flags; their names are those of the settings."""


def security_flag_names() -> list[str]:
    """Return the flags, for texts that list them."""
    return [option.opts[0] for option in _options()]


def add_security_flags(command: TyperCommand) -> None:
    """Give a command that takes ``--kafka`` the flags of TLS and SASL; leave others as they are."""
    if not any("--kafka" in parameter.opts for parameter in command.params):
        return
    options = _options()
    for option in options:
        option.expose_value = False
        option.callback = partial(_note, option.name)
    command.params += options
    command.epilog = "TLS and SASL: the flags of docs/how-to/secure-kafka.md, or variables (FAIRSTREAM_SASL_MECHANISM)."


def forget_security() -> None:
    """Forget the flags of an earlier command of this process."""
    _given.set({})


def given_security() -> dict[str, str | bool]:
    """Return the flags that were given to the command that runs, by setting."""
    return dict(_given.get({}))


def _note(name: str, _context: object, _parameter: object, value: str | bool | None) -> None:
    if value is not None:
        _given.set({**given_security(), name: value})


def _options() -> list[Any]:
    maker = typer.Typer(add_completion=False)
    maker.command()(_flags)
    return [option for option in typer.main.get_command(maker).params if option.name in _flags.__annotations__]
