"""Reads results and alerts in the background, for a program that shows them as they come."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.live_results import open_alerts, open_results
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result

Published = DisclosedResult | DisclosedAlert


class PublishedStream:
    """Results and alerts as they are published, disclosed. Its threads end with the process: reading blocks.

    Args:
        kafka: The connection.
        k: Fewest decisions that a shown group has.
    """

    def __init__(self, kafka: AnyKafka, k: int) -> None:
        self._records: queue.Queue[Published] = queue.Queue()
        results, alerts = open_results(kafka), open_alerts(kafka)

        def follow_results() -> None:
            for result in results.follow():
                self._records.put(disclose_result(result, k))

        def follow_alerts() -> None:
            for alert in alerts.follow():
                self._records.put(disclose_alert(alert, k))

        for follow in (follow_results, follow_alerts):
            threading.Thread(target=follow, name=f"demo-{follow.__name__}", daemon=True).start()

    def drain(self, wait_s: float) -> Iterator[Published]:
        """Yield the records that arrive within this time."""
        deadline_s = time.monotonic() + wait_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                yield self._records.get(timeout=left_s)
            except queue.Empty:
                return
