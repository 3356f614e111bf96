"""Where keys come from: read at the start of a process, never for an event, and never created by a worker.

``key_source`` chooses by the setting ``key_source``: the key file of the state folder, a ``mounted_secret``, or the
key-value store of a ``vault``. ``sealing_file`` stores the private keys with which an auditor opens alerts,
``suppression_file`` the pseudonyms of people who were erased.
"""
