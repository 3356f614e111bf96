"""The judge's state as entries of its changelog topic, and what is made of complete states.

``stored_tally`` has the counts, ``stored_history`` the tested periods, ``last_alerts`` the last alert of each test,
``stored_releases`` what was released, ``moved_releases`` that under another policy, ``part_joiner`` flushes of which a
part is still to come, ``report_intake`` reports that wait for the next one, ``journal_notes`` what the next entry of
the journal says. ``moved_state`` takes a state over to another policy, ``checkpoints`` publishes it for verification.
"""
