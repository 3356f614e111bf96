"""Commands that recompute what was judged.

``verify`` compares the published records with a recomputation; ``run`` judges a time range again; ``compare`` judges it
under other settings, and ``scenarios`` reads those from the flags; ``count`` counts it by attribute and intersection;
``bisect`` searches the start of a change; ``alternatives`` searches for rules with less disparity; ``saved_runs`` lists
and exports runs; ``export_records`` writes single records to a file; ``republish`` copies records into a topic. They
share ``selection`` (model, source topic and time range), ``run_name`` (ids and the summary of a run) and ``progress``.
``texts`` describes answers for people.
"""
