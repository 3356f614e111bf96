"""Single decisions for an audit, from the events that ingest published.

``decision`` reads an event as a decision, ``where`` the filter by which decisions are selected.
"""
