"""FairStream: see unfairness and privacy leaks in automated decisions as they happen.

Imports run one way, from the top of this list to its end: ``cli`` has the commands, ``web_app`` is the web application,
``programs`` composes and runs, ``edges`` touches the world and ``render`` draws, ``offline`` works without a broker,
``pipeline`` has the steps in the order in which data flows, ``access`` the rights that each role needs, ``strimzi``
resources of that operator, ``core`` the pure ideas, ``settings`` and ``topics`` the configuration of a process,
``policy`` what is monitored, ``connection`` how Kafka is reached; ``small_file``, ``extras``, ``errors``,
``json_schema`` and ``printed_text`` are at the bottom.
"""

__version__ = "0.5.0"
