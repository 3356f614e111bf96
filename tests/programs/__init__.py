"""Programs for developers and for CI that are made of test code, each started by ``make``: ``chaos`` kills workers and
the broker and recounts everything, ``detection`` checks on a real broker what alarms promise, ``page_check`` checks
what is reported about breaches, ``web_check`` looks at the web application of a demo in a browser, ``secure_check``
runs each role of users on a secured Kafka, ``audit_check`` attacks the audit log, ``alert_rules`` writes the page of
the shipped alerts, ``api_document`` the OpenAPI document of the web API, ``chart_files`` links rules and dashboards
into the Helm chart, ``coverage_floors`` compares measured coverage with its floors, ``other_pythons`` runs the tests on
the other supported Pythons, ``release`` checks and builds a release, ``sbom`` lists what an installation contains, and
``audit`` looks for known vulnerabilities and insecure code. ``record_topics``, started by hand once a release, records
the topics of that version for the test of the next upgrade. ``progress`` prints what they do while they run.
"""
