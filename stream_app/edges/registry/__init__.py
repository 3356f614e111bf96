"""The schema registry: the schemas with which the records of a topic were written.

``client`` asks it, over HTTP. ``topic_schemas`` keeps what it answered and adds to each batch the schemas that its
records need. ``compiled`` makes them ready to read records.
"""
