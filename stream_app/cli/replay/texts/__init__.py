"""What the commands of a replay say to people.

``bisect``, ``mitigate``, ``search`` and ``verify`` describe the answers of those commands.
"""
