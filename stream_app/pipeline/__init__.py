"""The steps in the order in which data flows: ingest, outcomes, judge; and replay, which runs them again. Pure.

Bytes in, bytes out. ``lane`` is the contract with the engine that drives a step, ``layout`` what all steps agree about.
"""
