"""What the pipeline writes on one recorded input, kept in a file: code may move and be renamed, the content must not.

streams  the simulated input, with a fixed seed and start
hostile  records made by hand, most of which must be refused
inputs   the raw logs made from both
schedule when the steps read, end a transaction and start again
run      builds the steps, feeds them, decodes what they write
site     all lanes of all models in memory, driven by the schedule
replays  the same logs once more, through the functions of a replay
shown    results and alerts as people see them
record   all of it as lines
plain    values as plain data
lines    lines as canonical JSON, and the file
names    what was renamed since the file was written, and what is not compared
compare  both sides record by record; the first difference

Only ``run``, ``streams``, ``replays`` and ``shown`` know names of the project. ``python -m tests.recorded`` compares;
with ``--write`` it writes the file anew.
"""
