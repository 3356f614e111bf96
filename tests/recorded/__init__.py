"""What the pipeline writes on one recorded input, kept in a file, so that code may move and be renamed and the content
stays: ``streams`` simulates the input with a fixed seed and start, ``hostile`` has records made by hand, ``inputs``
makes the raw logs of both; ``schedule`` says when the steps read, commit and restart, ``run`` builds and feeds them,
``site`` has all lanes of all models in memory, ``replays`` sends the same logs through a replay, ``shown`` is what
people may see; ``record`` collects all of it, ``plain`` turns values into plain data, ``lines`` writes and reads the
file, ``names`` lists what was renamed since it was written, ``compare`` finds the first difference. Only ``run``,
``streams``, ``replays`` and ``shown`` use names of the product; ``python -m tests.recorded`` compares, with
``--write`` it writes.
"""
