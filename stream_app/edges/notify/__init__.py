"""The notification sink: the receiving end of Alertmanager.

``server`` receives webhooks and serves runbooks, ``notification`` reads a message and writes it as text, and
``heartbeat`` notices when messages stop.
"""
