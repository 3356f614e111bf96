"""Who may use the API, and how often.

``scopes`` names what a token may do, ``tokens`` makes and checks tokens, ``rates`` limits requests. ``gate`` applies
all of it to each request before its route is known, and makes every error JSON; ``faults`` is how routes raise them.
"""
