"""How this process reaches Kafka: one value, checked once, and one translator for each client library.

``kafka_connection`` is the value: address, TLS and SASL. ``for_kafka_python``, ``for_aiokafka``, ``for_faust`` and
``for_confluent`` translate it into the options of a client. ``secret_file`` reads passwords, ``tls`` makes contexts
whose certificate files are read again when they change, ``oauth`` requests access tokens. ``handshake`` finds out why a
connection fails, and ``failures`` turns what a client raises into an error that says so.
"""
