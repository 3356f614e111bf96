"""Kill workers and the broker at random moments, then compare everything that was written with a recount of the input.

schedule  what is killed, frozen, added and removed, and when; drawn from a seed
disturbed the input: simulated loans, late and repeated events, records that must be refused
crew      worker processes under a supervisor
recount   an independent counter: the raw log in, what should have been counted out
logs      every topic read back, committed records only
audit     what was written against what should have been
run       all of it in order; ``python -m tests.programs.chaos`` prints the report
"""
