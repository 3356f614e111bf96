"""Alternative policies for the same events, and how their results differ from the original's.

``scenario`` is a policy under a name; ``settings`` makes scenarios from what people type; ``results`` contains what a
scenario published, disclosed, and ``released_tables`` the people in it; ``comparison`` puts the results of two
scenarios side by side, ``alert_changes`` their alerts, and ``window_changes`` their verdicts window by window.
"""
