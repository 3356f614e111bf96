"""Readers of topics outside the worker: they join no group, commit no offsets and see committed records only.

Which one to use: ``live_results`` reads results and alerts to their end and follows them (``fairstream results``,
``alerts list``, the demo). ``log_reader`` reads a time range of any topic up to an end frozen at the start, as fast as
live ingest (replays and exports); ``source_places`` says where the raw record of an event is. ``judge_records`` reads
back everything that the judge published about one model (``replay verify`` and ``compare``), ``registered_policies``
the policies under which it did. ``resumed_records`` reads on from stored positions (the web application).
``newest_records`` takes the last records of a topic (``policy check --sample``).
``topic_consumer`` opens the plain consumer that the others and ``republish`` share; ``tolerant_fetch`` makes it pass
what it cannot read.
"""
