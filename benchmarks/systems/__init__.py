"""The systems that are compared: one program per system, started with one file that describes the task.

There are more than twelve modules because each system is one file and its name is part of the command line. FairStream
is ``fairstream``, and ``replay`` its replay. The peers are ``confluent_loop``, ``aiokafka_loop``, ``faust_agent``,
``faust_by_attribute``, ``faust_take``, ``quix``, ``quix_grouped``, ``bytewax_flow`` and ``bytewax_by_attribute``.
``task`` is the task and the marks that a system writes; ``kernel`` is the job that the plain loops share.
"""
