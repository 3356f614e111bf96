"""What the commands of a replay say to people: ``bisect`` and ``verify`` describe the answers of those commands."""
