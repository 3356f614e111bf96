"""Every command by name, with its module and help line."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A command that is not loaded yet.

    Attributes:
        target: Where its function is, ``module:function`` below ``stream_app.cli``.
        help: Its help line: the first paragraph of the docstring of that function.
    """

    target: str
    help: str


class Menu(NamedTuple):
    """Commands under one noun.

    Attributes:
        help: Its help line.
        entries: The commands by name, and further menus.
        default: The command that the noun alone means.
        takes_word: Whether a word that names no command is an argument of that command.
    """

    help: str
    entries: dict[str, Entry | Menu]
    default: str | None = None
    takes_word: bool = False


MENU: dict[str, Entry | Menu] = {
    "demo": Entry("demo.command:demo", "Run Kafka, a worker and a simulated stream on this machine."),
    "worker": Entry("worker:worker", "Run a worker until Ctrl-C, SIGTERM or SIGHUP."),
    "results": Entry("show.results:show_results", "Show rates, ratios and gaps of windows, and outcomes."),
    "alerts": Menu(
        "List and decrypt breaches and recoveries.",
        {
            "list": Entry("show.alerts:list_alerts", "List breaches and recoveries, oldest first."),
            "decrypt": Entry("show.decrypt:decrypt", "Show sealed alerts to an auditor who gives a reason."),
        },
    ),
    "replay": Menu(
        "Recompute what was judged: verify, compare, search, export.",
        {
            "verify": Entry("replay.verify:verify", "Recompute the published records and compare them byte for byte."),
            "run": Entry("replay.run:run_replay", "Judge a time range again and write results and a report."),
            "compare": Entry(
                "replay.compare:compare", "Compare scenarios: other thresholds, windows, groups, policies."
            ),
            "bisect": Entry(
                "replay.bisect:bisect", "Find when, with which model version and where a group's treatment changed."
            ),
            "search": Entry(
                "replay.alternatives.search:search_alternatives",
                "Search for decision rules with less disparity and no worse outcomes.",
            ),
            "count": Entry("replay.count:count_groups", "Count a time range exactly, by attribute and intersection."),
            "list": Entry("replay.saved_runs:list_runs", "List the saved runs."),
            "export": Entry("replay.saved_runs:export", "Write the results of a run as CSV, Parquet or JSON."),
            "openmetrics": Entry("replay.saved_runs:write_open_metrics", "Write a run as OpenMetrics."),
            "export-records": Entry(
                "replay.export_records:export_records", "Write single records of a time range to a file."
            ),
            "republish": Entry("replay.republish:republish", "Copy the records of a time range into a new topic."),
        },
    ),
    "report": Menu(
        "Write compliance bundles, and the reasons of one decision.",
        {
            "pack": Entry("report.bundle:write_bundle", "Write a compliance bundle of a time range into a folder."),
            "packs": Entry(
                "report.packs:list_packs", "List the compliance bundles: name, version, last review, title."
            ),
            "decision": Entry(
                "report.decision:explain", "Show how one decision compares with those that were approved."
            ),
        },
        default="pack",
        takes_word=True,
    ),
    "checklist": Menu(
        "Check what must be in place before deployment and in use.",
        {
            "all": Entry("checklist.show:every_item", "Check the items of both lists."),
            "pre-deployment": Entry(
                "checklist.show:pre_deployment", "Check what must be in place before a model is deployed."
            ),
            "ongoing": Entry("checklist.show:ongoing", "Check what must stay in place while a model is in use."),
            "confirm": Entry(
                "checklist.confirm:confirm_item",
                "Record in the audit log that a person has done an item of a checklist.",
            ),
        },
        default="all",
    ),
    "mitigate": Entry(
        "replay.alternatives.mitigate:mitigate", "Compute remedies for a disparity, and what they cost, from the log."
    ),
    "incident": Menu(
        "Record incidents.",
        {"open": Entry("incident.open:open_incident", "Record an incident and open its case.")},
    ),
    "detect": Entry("detect.command:detect", "Run the sequential detectors over a file of counts."),
    "plan": Entry("plan.command:plan", "Simulate how long a violation goes undetected."),
    "allocate": Entry("allocate.command:allocate_hours", "Share hours among areas, with a floor for the underserved."),
    "policy": Menu(
        "Check, show, explain and activate policies.",
        {
            "activate": Entry("policy.activate:activate", "Make a policy the newest of its deployment."),
            "check": Entry("policy.check:check", "Check a policy and summarize what it monitors."),
            "show": Entry("policy.show:show", "Print the text of a policy."),
            "list": Entry("policy.show:list_policies", "List the shipped policies."),
            "fields": Entry("policy.show:fields", "Explain every field of a policy."),
            "schema": Entry("policy.show:schema", "Print the JSON Schema of policies."),
        },
    ),
    "topics": Menu(
        "Create, check and list the topics that a policy needs.",
        {
            "create": Entry("admin.topics:create", "Create the topics that are missing, and add partitions."),
            "check": Entry("admin.topics:check", "Compare the topics with their declaration."),
            "list": Entry("admin.topics:list_topics", "List the topics that a policy needs."),
            "acls": Entry("admin.acls:acls", "Print the access rights that a role needs in Kafka."),
        },
    ),
    "keys": Menu(
        "Create, list, rotate and destroy keys.",
        {
            "init": Entry("admin.keys:init", "Create the key file; an existing one is never replaced."),
            "list": Entry("admin.keys:list_keys", "List key ids, epochs, states and fingerprints, never the keys."),
            "rotate": Entry("admin.keys:rotate", "Start a new key epoch at an event time."),
            "destroy": Entry("admin.keys:destroy", "Destroy the key of an epoch that has ended."),
        },
    ),
    "audit": Menu(
        "Append to, verify and prove the audit log.",
        {
            "init": Entry("audit.writing:init", "Create the signing key of the audit log."),
            "append": Entry("audit.writing:append", "Append entries to the audit log."),
            "record": Entry("audit.writing:record", "Append what has happened in the topics since the last time."),
            "anchor": Entry("audit.writing:anchor", "Sign a checkpoint and put it out of reach of the log's writer."),
            "verify": Entry("audit.checking:verify", "Verify every entry and every checkpoint of the audit log."),
            "prove": Entry("audit.reading:prove", "Print the proof that the log contains an entry, as JSON."),
            "verifier": Entry("audit.reading:verifier", "Print a program that verifies proofs without FairStream."),
            "consistency": Entry("audit.checking:consistency", "Prove that a checkpoint continues an older one."),
            "verify-entry": Entry("audit.checking:verify_entry", "Verify that the log has an entry with this hash."),
            "query": Entry("audit.reading:query", "List entries of the audit log, oldest first."),
            "count": Entry("audit.counting:count_entries", "Count the entries of the audit log by type."),
            "tail": Entry("audit.reading:tail", "List the newest entries of the audit log."),
            "decisions": Entry(
                "audit.decisions:decisions", "List single decisions to an auditor who gives a reason; filtered."
            ),
            "delete-decisions": Entry(
                "audit.deletion:delete_decisions", "Delete stored decisions of the days before a day."
            ),
        },
    ),
    "witness": Menu(
        "Cosign checkpoints of audit logs, elsewhere.",
        {
            "init": Entry("audit.witness:init_witness", "Create the signing key of a witness."),
            "run": Entry("audit.witness:run_witness", "Cosign checkpoints of audit logs until Ctrl-C."),
        },
    ),
    "subject": Menu(
        "Erase people.",
        {"erase": Entry("admin.subject:erase", "Suppress the people whose identifiers are on standard input.")},
    ),
    "privacy": Menu(
        "Look for personal data, release counts, judge retention.",
        {
            "inspect": Entry("privacy.inspect:inspect", "Look for personal data in a schema, a sample or a topic."),
            "release": Entry("privacy.release:release", "Release the counts of a day, exactly or with noise."),
            "budget": Entry("privacy.release:budget", "List what releases have cost."),
            "retention": Entry("privacy.retention:retention", "Judge how long the topics of a policy keep records."),
        },
    ),
    "anomaly": Menu(
        "Fit references of anomaly tags.",
        {"fit": Entry("anomaly.fit:fit", "Fit the reference that anomaly tags compare events with.")},
    ),
    "produce": Menu(
        "Write simulated or recorded events to a raw topic.",
        {
            "loans": Entry("produce.simulated:loans", "Simulate loan decisions with a drift against women."),
            "credit": Entry("produce.simulated:credit", "Simulate loan decisions by a score, and later the outcomes."),
            "camera": Entry("produce.simulated:camera", "Simulate camera tracks with the leaks of real cameras."),
            "cameras": Entry("produce.cameras:cameras", "Simulate frames of cameras in the form of a vendor."),
            "allocations": Entry("produce.allocations:allocations", "Simulate hours of patrols in eight areas."),
            "rates": Entry(
                "produce.rates:rates", "Simulate interest rates of granted loans with a drift against women."
            ),
            "loanapp": Entry("produce.recorded:loanapp", "Send 1,989 real mortgage decisions (Boston, 1990)."),
            "reference": Entry("produce.recorded:reference", "Send 6,000 decisions whose counts are known."),
            "csv": Entry("produce.csv_file:csv", "Send any CSV file to the topic of a policy."),
        },
    ),
    "local": Menu(
        "Run a real Kafka on this machine, without Docker.",
        {"kafka": Entry("admin.local:kafka", "Run Apache Kafka until Ctrl-C, SIGTERM or SIGHUP.")},
    ),
    "doctor": Entry("admin.doctor:doctor", "Check what this machine has, what is missing, and how to get it."),
    "uninstall": Entry("admin.uninstall:uninstall", "List what a deployment owns, and delete it."),
    "web": Menu(
        "Run the web application; create its users and tokens.",
        {
            "run": Entry("web.run:run_web", "Run the web application until Ctrl-C, SIGTERM or SIGHUP."),
            "create-user": Entry(
                "web.create_user:create_user", "Print a one-time link by which a new user sets a password."
            ),
            "rebuild": Entry("web.rebuild:rebuild", "Delete stored results and alerts, and read them again."),
            "tokens": Menu(
                "Create, list, limit and revoke tokens of the API.",
                {
                    "create": Entry("web.tokens:create", "Print a new token of the API, once."),
                    "list": Entry("web.tokens:list_tokens", "List the tokens of the API, never their secrets."),
                    "limit": Entry(
                        "web.tokens:limit", "Give a token of the API other limits, from its next request on."
                    ),
                    "revoke": Entry("web.tokens:revoke", "End a token of the API at once."),
                },
            ),
        },
        default="run",
    ),
    "notify-sink": Entry("admin.notify_sink:notify_sink", "Receive and print notifications from Alertmanager."),
    "dashboards": Menu(
        "Export the Grafana dashboards.",
        {"export": Entry("admin.dashboards:export", "Write the Grafana dashboards as JSON files.")},
    ),
    "metrics": Menu(
        "Describe what a worker exports to Prometheus.",
        {"list": Entry("admin.metrics:list_all", "List every metric: name, type, labels, meaning.")},
    ),
}
