"""The steps of the pipeline, in the order in which data flows, and replay, which runs them again. Pure: no I/O.

``contract`` is the data that passes between a step and the engine that drives it, ``lane_step`` the protocol of a
step and of what it reports, ``topology`` where the topics are; ``layout`` defines the cells that all steps count,
``policy_book`` which policy of a model is the newest, ``policy_change`` what a change of it means for counts, ``names``
the name under which outcomes are counted, ``seals`` what only a worker can have written, ``rejected`` what is wrong
with records that no worker writes, and ``state_version`` which stored states can be read.
``ingest`` reads raw records, ``outcomes`` joins outcomes to decisions, ``panes`` publishes the counts of both, and
``judge`` closes windows and judges them. ``records`` are the records in the topics, ``disclosure`` decides what of
them may be shown, and ``selection`` says which of them a model, an attribute and a window mean. ``replay`` counts and
judges again from the topics, and ``reports`` makes compliance bundles of what was counted.
"""
