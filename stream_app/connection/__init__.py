"""How this process reaches Kafka and a schema registry: values, checked once, and a translator for each client library.

``kafka_connection`` is the value for Kafka: address, TLS and SASL; ``schema_registry`` is that for a registry.
``for_kafka_python``, ``for_aiokafka``, ``for_faust`` and ``for_confluent`` translate the first into the options of a
client; ``python_options`` are those that two of them share. ``secret_file`` reads passwords, ``tls`` makes contexts
whose certificate files are read again when they change, ``oauth`` requests access tokens. ``handshake`` finds out why a
connection fails, and ``failures`` turns what a client raises into an error that says so.
"""
