"""``fairstream witness``: cosign the checkpoints of audit logs, on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.exits import stop_on_signals
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, StateDir, read_settings
from stream_app.cli.flags.web import WebFlags, web_access
from stream_app.cli.output import notes, print_json
from stream_app.core.audit.notes import COSIGNATURE, ED25519
from stream_app.edges.audit.key_files import create_signing_key, load_signing_key, read_verifier_key
from stream_app.edges.audit.witness_server import Witness, WitnessServer
from stream_app.edges.audit.witness_store import WitnessStore
from stream_app.edges.host.logs import start_logging
from stream_app.settings import Settings


def init_witness(
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the witness.", show_default=False)],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Create the signing key of a witness.

    Prints the verifier key: the setting audit_witness_key of the logs that it
    cosigns, and what auditors give to audit verify.

    Example: fairstream witness init --name auditor.example/witness
    """
    settings = read_settings(state_dir=state_dir)
    key = create_signing_key(_key_path(settings), name, COSIGNATURE).verifier_key()
    if as_json:
        print_json({"name": key.name, "verifier_key": str(key)})
    else:
        typer.echo(str(key))
    notes.print(f"Created {_key_path(settings)}.", markup=False)


@with_flags
def run_witness(
    *,
    logs: Annotated[
        list[str],
        typer.Option(
            "--log", metavar="KEY", help="Verifier key of a log, or its file; repeatable.", show_default=False
        ),
    ],
    state_dir: StateDir = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free port.")] = 9470,
    host: Annotated[str, typer.Option(help="Address to listen on; see --web-config.")] = "127.0.0.1",
    web: WebFlags,
) -> None:
    """Cosign checkpoints of audit logs until Ctrl-C.

    A checkpoint is cosigned if it is signed by a known log and proven to continue
    the last one that was cosigned: a log that was cut or rewritten gets an answer
    of 409 or 422. Run it where the operators of the logs cannot write. It follows
    C2SP tlog-witness, so other logs can use it, and other witnesses can cosign
    these logs.

    Example: fairstream witness run --log audit.vkey --port 9470
    """
    settings = read_settings(state_dir=state_dir, web_config=web.web_config, web_token_file=web.web_token_file)
    start_logging(settings.log_level)
    key = load_signing_key(_key_path(settings), COSIGNATURE, "fairstream witness init")
    keys = [read_verifier_key(text, ED25519, "--log") for text in logs]
    store = WitnessStore(Path(settings.state_dir) / "witness", key.verifier_key())
    witness = Witness(key, {known.name: known for known in keys}, store)
    server = WitnessServer(witness, host=host, port=port, access=web_access(settings))
    with stop_on_signals() as stop:  # before anyone can know that the server runs
        server.start()
        notes.print(f"Witness {key.name} at {server.base_url}. Press Ctrl-C to stop.", markup=False)
        try:
            stop.wait()
        finally:
            server.stop()


def _key_path(settings: Settings) -> Path:
    return Path(settings.state_dir) / "keys" / "witness-signing-key"
