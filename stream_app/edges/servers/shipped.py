"""Copies the shipped files of Prometheus and Alertmanager for a server on this machine.

The files are in ``deploy/`` of the source tree, and the build puts copies into the package, so that an installed
FairStream has them too. A copy for this machine differs from them in addresses and times only; each change must match
the text that it replaces, so an edited shipped file cannot be copied unchanged by accident.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import stream_app
from stream_app.edges.files.writing import make_folder, write_file

_WORKERS = "dns_sd_configs: [{ names: [worker], type: A, port: 9464 }]"
_PROMETHEUS = "127.0.0.1:9090"
_ALERTMANAGER = '["alertmanager:9093"]'
_WEB = '["web:8600"]'
_CREDENTIALS = "/etc/prometheus/web-token"
_JOBS = "scrape_configs:\n"
_SINK_INSIDE = "http://notify-sink:9099"  # as Alertmanager reaches it
_SINK_OUTSIDE = "http://127.0.0.1:9099"  # as a browser reaches it
_NO_WEB = '$web := ""'  # in the rules: the address of the web application
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class MonitoringIntervals:
    """Intervals that replace the shipped ones.

    Attributes:
        scrape_s: Between two scrapes.
        evaluation_s: Between two evaluations of the rules.
        group_s: How long Alertmanager collects a group, and the minimum time between two messages about it.
        hold_s: Maximum of a rule's ``for`` and ``keep_firing_for``, and of how long the last value of a breach counts.
    """

    scrape_s: int = 2
    evaluation_s: int = 1
    group_s: int = 1
    hold_s: int = 10


@dataclass(frozen=True)
class WebTarget:
    """A web application whose metrics are scraped.

    Attributes:
        address: Its address, ``host:port``.
        token_file: File with a token that has the scope ``metrics``; it may be created later.
    """

    address: str
    token_file: Path


def prometheus_dir() -> Path:
    """Return the folder of ``prometheus.yml`` and ``rules/``."""
    return _deploy_dir() / "prometheus"


def alertmanager_dir() -> Path:
    """Return the folder of ``alertmanager.yml`` and ``templates/``."""
    return _deploy_dir() / "alertmanager"


def runbooks() -> dict[str, str]:
    """Return the text of each runbook, by alert."""
    folder = _package() / "deploy" / "runbooks"
    folder = folder if folder.is_dir() else _package().parent / "docs" / "runbooks"
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.md"))}


def write_prometheus_files(
    folder: Path,
    *,
    workers: Sequence[str],
    address: str,
    alertmanager: str | None,
    sink_url: str | None,
    pace: MonitoringIntervals | None,
    web: WebTarget | None = None,
    web_url: str | None = None,
) -> Path:
    """Copy the files of Prometheus for this machine.

    Args:
        folder: Destination; created when missing.
        workers: Addresses of the workers' metrics, ``host:port``.
        address: Address of this Prometheus.
        alertmanager: Address of the Alertmanager; None for none.
        sink_url: Base address of the links to runbooks; None keeps the shipped one.
        pace: Intervals; None keeps the shipped ones.
        web: The web application; None for none.
        web_url: Base address of the links to cases; None for none.

    Returns:
        The main file.
    """
    make_folder(folder / "rules", is_private=False)
    for shipped in sorted((prometheus_dir() / "rules").glob("*.yml")):
        text = shipped.read_text("utf-8")
        text = text.replace(_SINK_OUTSIDE, sink_url) if sink_url else text
        text = text.replace(_NO_WEB, f'$web := "{web_url}"') if web_url else text
        if pace:
            text = _cap(_cap(text, "for|keep_firing_for", pace.hold_s), "interval", pace.evaluation_s)
            text = _cap_ranges(text, pace.hold_s)
        write_file(folder / "rules" / shipped.name, text)
    text = (prometheus_dir() / "prometheus.yml").read_text("utf-8")
    text = _replace(text, _WORKERS, f"static_configs: [{{ targets: {json.dumps(list(workers))} }}]")
    text = _replace(text, _PROMETHEUS, address)
    text = _replace(text, _ALERTMANAGER, json.dumps([alertmanager] if alertmanager else []))
    if web:
        text = _replace(text, _JOBS, _JOBS + _web_job(web))
    if pace:
        text = _cap(text, "scrape_interval|scrape_timeout", pace.scrape_s)
        text = _cap(text, "evaluation_interval", pace.evaluation_s)
    return write_file(folder / "prometheus.yml", text)


def _web_job(web: WebTarget) -> str:
    """Return the scrape job of the web application."""
    text = (prometheus_dir() / "scrapes" / "web.yml").read_text("utf-8").partition(_JOBS)[2]
    text = _replace(text, _CREDENTIALS, json.dumps(str(web.token_file)))
    return _replace(text, _WEB, json.dumps([web.address]))


def write_alertmanager_files(folder: Path, *, sink_url: str, pace: MonitoringIntervals | None) -> Path:
    """Copy the files of Alertmanager for this machine.

    Args:
        folder: Destination; created when missing.
        sink_url: Base address of the receiver of all notifications.
        pace: Intervals; None keeps the shipped ones.

    Returns:
        The main file.
    """
    make_folder(folder / "templates", is_private=False)
    for template in sorted((alertmanager_dir() / "templates").iterdir()):
        write_file(folder / "templates" / template.name, template.read_bytes())
    text = (alertmanager_dir() / "alertmanager.yml").read_text("utf-8")
    text = _replace(text, _SINK_INSIDE, sink_url)
    text = _cap(text, "group_wait|group_interval", pace.group_s) if pace else text
    return write_file(folder / "alertmanager.yml", text)


def _package() -> Path:
    return Path(stream_app.__file__).parent


def _deploy_dir() -> Path:
    installed = _package() / "deploy"
    return installed if installed.is_dir() else _package().parent / "deploy"


def _replace(text: str, old: str, new: str) -> str:
    if old not in text:
        raise LookupError(f"The shipped file does not contain {old!r} any more")
    return text.replace(old, new)


def _cap(text: str, names: str, max_s: int) -> str:
    """Shorten each of these durations that exceeds a maximum.

    >>> _cap("for: 10m", "for", 5), _cap("for: 0s", "for", 5)
    ('for: 5s', 'for: 0s')
    """

    def shorten(match: re.Match[str]) -> str:
        is_longer = int(match["n"]) * _UNITS_S[match["unit"]] > max_s
        return f"{match['name']}: {max_s}s" if is_longer else match[0]

    return re.sub(rf"\b(?P<name>{names}): (?P<n>\d+)(?P<unit>[smhd])\b", shorten, text)


def _cap_ranges(text: str, max_s: int) -> str:
    """Shorten the ranges in which rules look for the last value of a series that has gone.

    A breach that has ended is reported for half as long again, so that its facts are still there.

    >>> _cap_ranges("last_over_time(x{run=''}[10m]) or max_over_time(y[20s]) or avg_over_time(z[6h])", 10)
    "last_over_time(x{run=''}[10s]) or max_over_time(y[5s]) or avg_over_time(z[6h])"
    """
    text = re.sub(r"(last_over_time\([^\[\n]*)\[10m\]", rf"\1[{max_s}s]", text)
    return re.sub(r"(max_over_time\([^\[\n]*)\[20s\]", rf"\1[{min(20, max_s // 2)}s]", text)
