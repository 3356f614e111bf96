"""What the commands of a replay say to people: ``bisect`` and ``search`` describe their answers."""
