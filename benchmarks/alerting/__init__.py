"""The time from the pane in which a violation is detected to the notification, stage by stage.

``drifts`` sends decisions that become unfair, ``breaches`` notes when a breach could be read, ``servers`` runs
Prometheus, Alertmanager and a sink, and ``command`` measures.
"""
