"""Prometheus and Alertmanager on this machine, with the files that FairStream ships.

``process`` runs one server as a child process, ``prometheus`` and ``alertmanager`` are the two servers, and
``shipped`` copies the configuration files and adapts addresses and times.
"""
