"""``fairstream web``: the web application and its administration.

``run`` serves the pages, ``create_user`` prints the one-time link of a new user, ``rebuild`` stores the topics again.
``flags`` are those of its database.
"""
