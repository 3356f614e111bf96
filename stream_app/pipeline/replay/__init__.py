"""Replay: the source topics are read again and counted, judged or copied by the functions of the live pipeline.

``verify`` recomputes every published record and compares it byte for byte; ``ranges`` judges a time range again, and
``tables`` counts it by attribute; ``scenarios`` defines alternative policies and compares their results; ``bisect``
searches for the onset of a change; ``search`` counts every alternative to the logged decisions; ``mitigation`` computes
weights and cuts by group; ``export`` selects single records and writes results for other systems; ``decisions`` lists
single decisions. Shared by all: ``source_log`` says which topic is read and from which offset, ``model_sources`` opens
the source partitions of a model, ``sources`` counts one of them, ``dispositions`` counts theirs, ``cursor`` counts one
step by step, ``time_range`` is a range of event time, and ``moments`` reads times that people write.
"""
