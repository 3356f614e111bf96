"""What FairStream costs and what its detectors are worth, measured and checked: ``python -m benchmarks COMMAND``.

``compare`` runs the same job on FairStream and its peers, whose programs are in ``systems`` and ``kafka_streams``, and
``secure`` FairStream with TLS and without. ``scale`` varies partitions, length, state and rate. ``replay`` times
replays, ``formats`` ingest of Avro and Protobuf, ``judging`` one closed pane and window, ``scrape`` the metrics page,
``alerting`` the way from a breach to its notification. ``detect`` simulates false alarms and delays of the detectors,
``amounts`` those of the test of mean amounts. ``ledger`` times what a long replay is compared with. ``shares`` says
what parts of ingest cost. ``detectors`` and ``outcome_join`` are small separate programs. ``stage`` has what all of
them share.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a worker; numpy reads it when it is imported
