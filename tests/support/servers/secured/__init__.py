"""A real Kafka with TLS, SASL and an authorizer that denies by default, and what its tests need.

``kafka`` starts it; ``certificates`` issues certificates, good and bad ones; ``tokens`` is an OAuth token endpoint over
TLS; ``users`` creates users with the generated rights, and the settings with which they connect; ``stage`` is an
installation on it.
"""
