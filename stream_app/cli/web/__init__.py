"""``fairstream web``: the web application and its administration.

``run`` serves the pages, ``create_user`` prints the one-time link of a new user, ``rebuild`` stores the topics again.
``tokens`` are those of programs. ``flags`` say where it listens.
"""
