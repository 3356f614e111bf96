"""Compliance bundles on disk, and the reasons of one decision.

``packs`` reads pack files, ``folder`` writes the folder of a bundle with its manifest and its audit entry, and
``decision`` compares one decision with those that were approved.
"""
