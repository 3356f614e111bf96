"""Sequential tests that run all the time and keep their state.

``pairs`` tests the decisions about every group and intersection, ``gaps`` the questions about outcomes and scores,
``proxies`` the weighted rates of groups that are known by probabilities, ``amounts`` means of amounts, all through
``rules`` (from alarm to recovery), which dates changes by ``onsets``. ``score_drift`` tests scores against their own
past; ``stored_tests`` is their state across restarts, ``continued_tests`` what a changed policy leaves of it. They
report ``judge.observations``, not records.
"""
