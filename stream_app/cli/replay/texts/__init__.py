"""What the commands of a replay say to people: ``bisect``, ``search`` and ``verify`` describe their answers."""
