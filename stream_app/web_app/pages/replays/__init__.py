"""The pages of replays.

``replay_list`` lists them, ``replay_page`` shows one, ``replay_forms`` starts, restarts and cancels. ``shown`` says in
words what a replay is, how far it is and what it has found, ``amount_tables`` where decisions are amounts;
``starting`` fills in the form that starts one.
"""
