"""Programs for people and for CI that are made of test code, each started by ``make``: ``chaos`` kills workers and the
broker and recounts everything, ``detection`` checks what alarms promise on a real broker, ``alert_rules`` writes the
page of the shipped alerts.
"""
