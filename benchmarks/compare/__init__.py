"""FairStream and its peers, one job, one broker: events per second of CPU time, with counts and outputs checked.

``command`` runs every system in turn. ``catalog`` lists the systems, ``launch`` starts their programs, ``checks``
compares counts and outputs with the reference, and ``report`` prints the table. ``commitment`` measures what the audit
log takes.
"""
