"""What several tests share and none of it is a test: ``tiers`` names the tiers and what happens when a tier lacks its
real part, ``seeds`` fixes the seeds of randomized runs, ``paths`` locates the files of the repository;
``source_logs`` makes raw logs for ingest and counts them by hand, ``fake_sources`` makes the partials of source
partitions, ``count_tables`` has tables of counts for statistics, ``outcome_windows`` has results about outcomes and
``fairness_rows`` the metrics of one model; ``feeds`` uploads streams in batches, ``reference_detector`` is a plain
detector to compare with; ``lanes`` runs steps in memory, ``contracts`` lists the implementations for the contract
suites, ``servers`` starts real servers and installations, ``boards`` opens the dashboards on a real Prometheus,
``docs`` reads the documentation.
"""
