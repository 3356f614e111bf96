"""Steps of the pipeline with their surroundings in memory: ``ingest_lane`` for raw decisions, ``outcome_lane`` for the
join with outcomes, ``judge_lane`` for partials, ``outcome_court`` for panes of outcomes and scores; ``pane_sums`` adds
up what they count, ``books`` has registered policies, ``judging`` the results of one window; ``echo_lanes`` runs the
real lanes with the smallest useful step in this process. ``raw_batches`` makes record batches byte by byte,
``neighbor_batches`` puts one between good ones and ``hostile_batches`` draws such as no honest client writes;
``fetches`` takes runs from fetch responses. ``hostile_records`` has records by the row of the list of hostile inputs,
and ``hostile_frames`` frames of a camera that renames tracks. ``forged_bytes`` has what
no worker writes into an internal topic, and ``forged_topics`` changes what workers wrote.
"""
