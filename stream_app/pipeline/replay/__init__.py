"""Replay: the source topics once more, through the functions of the live pipeline.

sources    counts one source partition, from raw records or from published events
cursor     hands out a partition up to an offset
retelling  driven by the judge's journal: what the judge said, bit for bit
evidence   compares what was retold with what is in the topics; the first difference
ranges     any stretch of time, under several policies in one pass
what_if    policies made from settings
"""
