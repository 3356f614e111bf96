"""Sequential tests that may be looked at all the time: is a rule broken since some point, and since when."""
