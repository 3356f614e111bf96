"""What the commands of a replay say to people.

``bisect``, ``mitigate`` and ``search`` describe the answers of those commands.
"""
