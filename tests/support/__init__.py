"""What several tests share and none of it is a test: ``tiers`` names the tiers and what happens when a tier lacks its
real part, ``seeds`` fixes the seeds of randomized runs, ``paths`` locates the files of the repository; ``source_logs``
makes raw logs for ingest and counts them by hand, ``fake_sources`` makes the partials of source partitions, ``feeds``
uploads through the real steps with simulated clocks, ``judged_world`` has days that lanes and judge have counted, and
``memory_logs`` the topics that they read; ``audit_logs`` writes audit logs, ``audit_changes`` changes them.
``count_tables`` has tables of counts for statistics, ``reference_detector`` is the detector in plain Python,
``outcome_windows`` has results about outcomes, ``fairness_rows`` the metrics of one model, ``sample_alert`` an alert
and ``alarm_stage`` a model that is judged minute by minute, ``area_tables`` areas to share hours among, ``amounts``
counts by bin, ``amount_runs`` replays of amounts,
``priced_records`` records of prices, ``policies`` a policy and the mistakes in it;
``lanes`` runs steps in memory, ``contracts`` lists the
implementations for the contract suites, ``formats`` has streams in the formats of a schema registry, ``servers`` starts
real servers and installations, ``boards`` opens the dashboards on a real Prometheus, ``canary`` looks for what must not
leave, ``charts`` renders the Helm chart, ``web`` opens the web application, ``docs`` reads the documentation,
``labeled_fields`` has fields with and without personal data. ``small_streams`` and ``small_outcomes`` judge streams of
few people, ``chosen_tables`` counts ranges that people choose, ``attacker`` tries to learn about them from everything
that was shown, ``bundles`` has compliance bundles
without a broker, and ``sharing`` shares the modules among the processes of a run. ``bank_panes`` feeds banks of
detectors, ``camera_records`` has records in every layout, ``search`` looks for alternatives to a rule,
``estimated_groups`` are known by probabilities only, ``key_files`` are good and bad, and ``scrapes`` are of Prometheus.
``interval_ends`` compares intervals; ``detect_calls`` runs ``fairstream detect``, ``log_folders`` reads an audit log,
and ``record_exports`` exports from a topic in memory. ``csv_files`` and ``csv_rows`` are read as a producer reads them,
``lending_records`` as ingest does. ``clocks`` are set by a test, ``command_results`` reads what a command returned, and
``empty_results`` count nobody.
"""
