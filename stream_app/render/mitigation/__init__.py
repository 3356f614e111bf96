"""What less disparity costs, for people: ``chart`` is the picture, ``wording`` what it shares with the command line."""
