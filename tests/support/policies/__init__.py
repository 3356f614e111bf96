"""A policy and the mistakes that can be made in it.

``plain`` has the policy, ``forms`` mistakes in TOML and in the form of a field, ``values`` in times, limits and single
fields, ``labels`` in decisions and groups, ``names`` in names, features and paths, ``options`` in clusters, anomalies
and several models; ``mistakes`` has all of them.
"""
