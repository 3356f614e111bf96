"""``python -m benchmarks COMMAND``: compare, scale, detect, judge, replay, formats, alerting, scrape, alternatives,
amounts, ledger, web-load and web-history.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import formats, ledger, replay
from benchmarks.alerting import command as alerting
from benchmarks.alternatives import command as alternatives
from benchmarks.amounts import command as amounts
from benchmarks.compare import command as compare
from benchmarks.detect import command as detect
from benchmarks.judging import command as judge
from benchmarks.scale import command as scale
from benchmarks.scrape import command as scrape
from benchmarks.web import history_command as web_history
from benchmarks.web import load_command as web_load


def main() -> int:
    """Run the selected command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    compare.add_arguments(commands.add_parser("compare", help="FairStream and its peers, one job, one broker"))
    scale.add_arguments(commands.add_parser("scale", help="FairStream by partitions, length, state and rate"))
    detect.add_arguments(commands.add_parser("detect", help="false alarms and delays of the detectors, simulated"))
    judge.add_arguments(
        commands.add_parser("judge", help="one closed pane and window, compared with pandas and Fairlearn")
    )
    replay.add_arguments(commands.add_parser("replay", help="replay compared with live ingest, json and pandas"))
    formats.add_arguments(commands.add_parser("formats", help="ingest of JSON, Avro and Protobuf, in turn"))
    alerting.add_arguments(commands.add_parser("alerting", help="from a breach to its notification, stage by stage"))
    scrape.add_arguments(commands.add_parser("scrape", help="series and scrape time, idle and in a burst of events"))
    web_load.add_arguments(commands.add_parser("web-load", help="requests to the web application at a fixed rate"))
    web_history.add_arguments(commands.add_parser("web-history", help="each page with a year of hourly results"))
    alternatives.add_arguments(
        commands.add_parser("alternatives", help="the search for alternatives: what it finds, and how fast")
    )
    amounts.add_arguments(commands.add_parser("amounts", help="false alarms and delays of the test of mean amounts"))
    ledger.add_arguments(commands.add_parser("ledger", help="a long replay beside what was shown before"))
    arguments = parser.parse_args()
    mains = {
        "compare": compare.main,
        "scale": scale.main,
        "detect": detect.main,
        "judge": judge.main,
        "replay": replay.main,
        "formats": formats.main,
        "alerting": alerting.main,
        "scrape": scrape.main,
        "web-load": web_load.main,
        "web-history": web_history.main,
        "alternatives": alternatives.main,
        "amounts": amounts.main,
        "ledger": ledger.main,
    }
    return mains[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
