"""Releases of counts: ``track_file`` reads tracks, ``budget_file`` stores what each release of their counts cost.

``release_file`` stores which groups in which ranges of time replays have shown, so that no later one isolates a few
people; ``locked_file`` is a file of lines that several processes append to.
"""
