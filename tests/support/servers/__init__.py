"""Real servers and installations: ``brokers`` chooses and starts the Kafka of a run, ``raw_topics`` writes topics with
another client and ``raw_produce`` any bytes over a socket, ``sites`` makes an installation of its own on the shared
broker, ``secured`` starts one with TLS, SASL and access rights, ``replay_stage`` makes one that was judged and can be
replayed; ``alerting`` starts Prometheus, Alertmanager and the sink, ``templates`` renders their messages,
``recorded_prometheus`` serves recorded samples; ``registry`` starts a schema registry and ``registry_gate`` blocks the
way to it; ``otlp_receiver`` decodes what is pushed; ``postgresql`` starts a database; ``stored_topics`` loads the
topics of a former version into a broker; ``http_requests`` sends requests over a socket, ``command_lines`` parses the
commands that files contain.
"""
