"""What the commands of a replay say to people: ``bisect`` describes the answer of that command."""
