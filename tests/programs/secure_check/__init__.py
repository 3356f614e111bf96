"""``make secure-check``: each role of users does its whole job on a secured Kafka with exactly its rights, and no more.

``check`` runs it, ``served`` the web application; ``__main__`` prints one line for each role.
"""
