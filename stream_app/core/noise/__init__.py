"""Counts of tracks that may leave: bounded, with exact noise or without, and pooled until nobody stands out.

``track_counts`` counts distinct tracks of a file, at most a few cells for each, and ``contributions`` bounds those of a
stream. ``laplace`` draws discrete Laplace noise with integers only, from the uniform numbers of ``keyed_numbers``.
``pooling`` adds small cells up along the ladder; ``release`` joins these for a day, and ``budget`` adds up what a day
has cost.
"""
