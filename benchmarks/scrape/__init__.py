"""What a scrape costs if a policy declares many groups and all are in breach: series, time at rest and in a burst.

``wide`` is the policy with its decisions, ``scraping`` scrapes as Prometheus does, ``command`` measures.
"""
