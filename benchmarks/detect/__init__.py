"""False alarms, delays, onsets and recoveries of the detectors, simulated, compared with other methods.

``streams`` are the simulated streams, ``methods`` what monitors them. ``false_alarms``, ``delays``, ``recovery``,
``patience``, ``faults``, ``clusters``, ``feeds`` (batches and bursts), ``unknowns`` (hidden groups), ``onsets``,
``pairs`` (a model with many) and ``memberships`` (groups by probabilities) measure one thing each, as much as ``size``
says, and ``statements`` what is said about causes by chance. ``judgment`` compares the measurements with the acceptance
numbers; ``tables`` prints them and ``figures`` writes them as JSON. ``command`` runs everything.
"""
