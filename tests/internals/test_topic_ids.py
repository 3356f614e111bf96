"""kafka-python gives out the id of a topic only through a private client: the reader of the web application uses it."""

from __future__ import annotations

from types import SimpleNamespace

from kafka.cluster import ClusterMetadata
from kafka.consumer import KafkaConsumer


def test_a_consumer_has_a_client_whose_cluster_knows_the_ids_of_topics() -> None:
    assert "_client" in KafkaConsumer.__init__.__code__.co_names
    cluster = SimpleNamespace(_topic_ids={"a": "x"})
    assert ClusterMetadata.topic_id(cluster, "a") == "x"
    assert ClusterMetadata.topic_id(cluster, "b") is None
