"""Commands that set up and check an installation, one module per noun.

``acls`` prints the access rights that a role needs; ``dashboards`` exports the Grafana dashboards; ``doctor`` checks
this machine; ``keys`` creates, lists, rotates and destroys keys, with ``sealing_keys`` for those of auditors; ``local``
runs a Kafka on this machine; ``metrics`` lists what a worker exports; ``notify_sink`` receives notifications;
``subject`` erases people; ``topics`` creates, checks and lists topics; ``uninstall`` deletes what a deployment owns.
"""
