"""Counts of tracks that may leave: bounded, with exact noise or without, and pooled until nobody stands out.

``track_counts`` counts distinct tracks, at most a few cells for each. ``laplace`` draws discrete Laplace noise with
integers only, from the uniform numbers of ``keyed_numbers``. ``pooling`` adds small cells up along the ladder,
``release`` joins the three, and ``budget`` adds up what a day has cost.
"""
