"""Kills workers and the broker at random moments, then compares everything that was written with a recount of the
input: ``schedule`` draws from a seed what is killed, frozen, added and removed, and when; ``topic_changes`` adds
partitions to the raw topic and creates it again, ``policy_changes`` lets the policy grow, ``worker_clock`` makes the
wall clock of the workers jump; ``disturbed`` is the input, simulated loans with late, duplicate and invalid events;
``crew`` runs worker processes under a supervisor; ``recount`` counts the raw log independently; ``logs`` reads topics
back, committed records only; ``verdicts`` checks the results and ``audit`` everything that was written, both as
``findings``; ``run`` does it all in order, and ``replay_check`` compares live results with a replay.
"""
