"""``fairstream report``: compliance bundles, and the reasons of one decision.

``bundle`` writes a bundle and ``packs`` lists what bundles there are; ``evidence`` names the command behind each kind
of evidence. ``decision`` compares one decision with those that were approved.
"""
