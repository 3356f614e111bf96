"""Commands about policies.

``check`` validates a policy and tries real records under it; ``show`` prints a policy, lists the shipped ones and
explains the fields; ``activate`` makes a policy the newest of its
deployment; ``text`` describes a policy and a sample for people.
"""
