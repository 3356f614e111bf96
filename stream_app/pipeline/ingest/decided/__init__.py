"""The decisions of events: ``bits`` are those by which a duplicate with another decision is known."""
