"""What the contract suites in ``tests/contract`` run over, each implementation made in one place, so that a changed
constructor or report is adapted here and nowhere else: ``step_cases`` lists the four steps, ``step_lane`` drives any
of them in memory, ``step_logs`` has one seeded source log for all roles, ``written_content`` compares what steps wrote
apart from how it was cut; ``bank_cases`` lists the detector banks and ``subject_cases`` the subjects of the judge.
"""
