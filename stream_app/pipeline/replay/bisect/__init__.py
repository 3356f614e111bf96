"""Searching for the onset of a change in how a group is treated, and for the model version it came with.

``bisection`` runs the search for one pair; ``pair_panes`` counts the pair by pane and segment and ``version_panes`` by
pane and version of the model; ``onset`` finds the pane of the change, and ``version_change`` the version;
``shown_parts`` has the people behind what is shown of segments and versions.
"""
