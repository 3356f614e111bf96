"""A recorded run: a fixed input and all output of the pipeline for it, to check that refactoring changes no result.

``streams`` simulates the input with a fixed seed and start time, ``hostile`` has handwritten records, and ``inputs``
builds the raw logs from both. ``schedule`` defines when the steps read, commit and restart; ``run`` builds the steps
and feeds them; ``site`` runs the lanes of all models in memory; ``replays`` sends the same logs through a replay;
``shown`` applies disclosure control. ``record`` collects everything, ``plain`` converts values to plain data, ``lines``
writes and reads the file, ``names`` lists what was renamed since the file was written, and ``compare`` reports the
first difference. Only ``run``, ``streams``, ``replays`` and ``shown`` use names of the product.
``python -m tests.recorded`` compares; with ``--write`` it writes the file.
"""
