"""The pages of alerts.

``alert_list`` lists them, ``alert_page`` shows one. ``facts`` says in words what an alert says, ``replay`` writes the
command that recomputes it.
"""
