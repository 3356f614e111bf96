"""Who may read the pages of a process: TLS, client certificates, passwords and a bearer token.

``web_config`` reads the file that Prometheus and its exporters call web configuration, ``server_tls`` makes the TLS
context that it describes, ``passwords`` compares passwords with it. ``access`` decides about each request, and reads
files again when they change. ``connections`` bounds how many there are.
"""
