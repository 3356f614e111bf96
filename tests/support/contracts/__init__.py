"""What the contract suites in ``tests/contract`` run over: each implementation, made in one place.

``step_lane`` drives any step in memory; ``step_logs`` has one seeded source log for all roles; ``step_cases`` lists the
four steps; ``written_content`` compares what steps wrote, apart from how it was cut; ``bank_cases`` lists the detector
banks; ``subject_cases`` lists the subjects of the judge. A changed constructor or report is adapted here and nowhere
else.
"""
