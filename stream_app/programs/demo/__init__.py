"""The demo as real processes on this machine.

``environment`` starts broker, topics, keys, worker and producer; ``monitoring`` adds Prometheus, Alertmanager and a
notification sink where they are installed, ``web_pages`` the web application.
"""
