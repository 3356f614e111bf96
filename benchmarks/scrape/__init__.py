"""What a scrape costs when a policy declares much and everything is in breach: series, time, and time in a burst."""
