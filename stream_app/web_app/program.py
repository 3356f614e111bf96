"""Prepares the web application and runs it: tables, the first link, the projection, replays, the server."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from stream_app.errors import ConfigError, WriteError
from stream_app.policy import Policy
from stream_app.settings import Settings
from stream_app.web_app.host.database import FILE_NAME
from stream_app.web_app.host.database_faults import DAMAGED, FULL, READ_ONLY, fault_of
from stream_app.web_app.host.django import configure

_REBUILD = "Run: fairstream web rebuild"
_ACTIONS = {FULL: "Free some space", READ_ONLY: "Choose a folder that you may write to (--state-dir)"}

_DEMO_URLS = "stream_app.web_app.demo.urls"
_OIDC_URLS = "stream_app.web_app.oidc.urls"


def prepare(settings: Settings, **options: str) -> None:
    """Set Django up and bring the tables up to date.

    Args:
        settings: Those of the process.
        options: Of ``configure``.

    Raises:
        ConfigError: a setting is invalid, or the database does not answer.
        DependencyMissingError: an extra is not installed.
        WriteError: the state folder cannot be written.
    """
    configure(settings, **options)
    from django.core.management import call_command  # noqa: PLC0415  # needs Django's settings
    from django.db import DatabaseError  # noqa: PLC0415  # the same

    logging.getLogger("django").setLevel(logging.ERROR)  # its warnings contain addresses, and these one-time links
    logging.getLogger("django.request").addFilter(_has_error)  # what is expected has a line of ours
    logging.getLogger("django.security").setLevel(logging.CRITICAL)  # anybody could fill the log
    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("clearsessions")
    except DatabaseError as error:
        raise _unusable_database(settings, error) from None


def run(
    settings: Settings,
    policy: Policy,
    signals: Iterable[signal.Signals],
    report: Callable[[str, str], None],
    *,
    demo: str | None = None,
) -> None:
    """Serve the pages and read the topics until one of the signals arrives.

    Args:
        settings: Addresses of Kafka, of the server and of the database.
        policy: Says which groups may be shown.
        signals: What ends it.
        report: Called once with the address of the pages, and with the one-time link or an empty text.
        demo: File with the setup of the demo that this is part of: on loopback, with a database of its own.

    Raises:
        ConfigError: as ``prepare``; the address is in use; stored results show smaller groups than the policy permits.
    """
    if demo is not None:
        settings = _on_loopback(settings)
        prepare(settings, urls=_DEMO_URLS)
    elif settings.oidc_issuer is not None:
        prepare(settings, urls=_OIDC_URLS)
        from stream_app.web_app.oidc.client import use  # noqa: PLC0415  # of the extra

        use(settings)
    else:
        prepare(settings)
    from stream_app.web_app.accounts.invitations import invite_first  # noqa: PLC0415  # needs Django's settings
    from stream_app.web_app.api.kept_answers import KEPT_S  # noqa: PLC0415  # the same
    from stream_app.web_app.api.running import start_api  # noqa: PLC0415  # the same
    from stream_app.web_app.history.keeping import keeping_of  # noqa: PLC0415  # the same
    from stream_app.web_app.host.garbage import spare_what_is_loaded  # noqa: PLC0415  # the same
    from stream_app.web_app.host.request_threads import RequestThreads  # noqa: PLC0415  # the same
    from stream_app.web_app.host.server import bind, serve  # noqa: PLC0415  # the same
    from stream_app.web_app.pages.watched import watch  # noqa: PLC0415  # the same
    from stream_app.web_app.policies.registered import PolicyReader  # noqa: PLC0415  # the same
    from stream_app.web_app.policies.retention import RetentionReader  # noqa: PLC0415  # the same
    from stream_app.web_app.projection.projector import Projector  # noqa: PLC0415  # the same
    from stream_app.web_app.replays.runner import ReplayRunner  # noqa: PLC0415  # the same

    keeping = keeping_of(settings)
    _reject_smaller_groups(policy)
    watch(policy)
    if demo is not None:
        from stream_app.programs.demo.web_pages import read_setup  # noqa: PLC0415  # of the demo only
        from stream_app.web_app.demo.running import begin  # noqa: PLC0415  # needs Django's settings

        begin(read_setup(demo))
    start_api(settings, kept_s=KEPT_S)
    listener = bind(settings.web_host, settings.web_port)
    token = invite_first()
    address = _address(settings, listener.getsockname()[1])
    projector = Projector(settings.connection, policy, keeping)
    projector.start()
    replays = ReplayRunner(settings, policy)
    replays.start()
    readers = (PolicyReader(settings.connection), RetentionReader(settings, policy))
    for reader in readers:
        reader.start()
    spare_what_is_loaded()
    try:
        serve(
            RequestThreads(),
            listener,
            signals,
            lambda: report(address, "" if token is None else f"{address}/welcome/{token}"),
        )
    finally:
        replays.stop()
        for reader in readers:
            reader.stop()
        projector.stop()
        listener.close()


def create_user(settings: Settings, name: str, role: str) -> str:
    """Return a one-time link by which a new user sets a password.

    Raises:
        ConfigError: as ``prepare``; the name is invalid or taken.
    """
    prepare(settings)
    from stream_app.web_app.accounts.invitations import invite  # noqa: PLC0415  # needs Django's settings
    from stream_app.web_app.accounts.roles import Role  # noqa: PLC0415  # the same

    return f"{_address(settings, settings.web_port)}/welcome/{invite(name, Role(role))}"


def rebuild(settings: Settings) -> None:
    """Empty the projection; a running application reads the topics again at once, else the next start does.

    Raises:
        ConfigError: as ``prepare``.
    """
    prepare(settings)
    from stream_app.web_app.projection.store import empty  # noqa: PLC0415  # needs Django's settings

    empty()


def _has_error(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


def _on_loopback(settings: Settings) -> Settings:
    plain, elsewhere = Settings(), ("web_host", "web_url", "database_url", "database_password_file", "oidc_issuer")
    return msgspec.structs.replace(settings, **{name: getattr(plain, name) for name in elsewhere})


def _reject_smaller_groups(policy: Policy) -> None:
    from stream_app.web_app.projection.store import models_disclosed_below  # noqa: PLC0415  # needs Django's settings

    for name, stored, k in models_disclosed_below(policy)[:1]:
        raise ConfigError(
            f"Stored results of {name} show groups of {stored} decisions, the policy permits {k} and more",
            action=f"Store them again under the policy. {_REBUILD}",
        )


def _address(settings: Settings, port: int) -> str:
    if settings.web_url is not None:
        return settings.web_url.rstrip("/")
    host = settings.web_host if settings.web_host not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _unusable_database(settings: Settings, error: BaseException) -> ConfigError | WriteError:
    """Return what is wrong with the tables and what to do; nothing of a statement is repeated."""
    from django.db import OperationalError  # noqa: PLC0415  # needs Django's settings

    fault = fault_of(error)
    if settings.database_url is None:
        path = Path(settings.state_dir) / FILE_NAME
        if fault == DAMAGED:
            again = "Restore it from its backup, or delete it to begin a new one"
            return ConfigError(f"{path} is damaged, or is not a database", action=again)
        reason = {FULL: "the disk is full", READ_ONLY: "it or its folder is read-only"}.get(
            fault, "SQLite cannot open it"
        )
        return WriteError(f"Cannot write {path}: {reason}", action=_ACTIONS.get(fault, "Is another program using it?"))
    if isinstance(error, OperationalError):
        host = urlsplit(settings.database_url).hostname or "its local socket"
        return ConfigError(
            f"The database at {host} does not answer, or rejects this user", action="Check FAIRSTREAM_DATABASE_URL"
        )
    return ConfigError(
        f"The database cannot be brought up to date ({type(error).__name__})",
        action="Its user needs the right to create tables",
    )
