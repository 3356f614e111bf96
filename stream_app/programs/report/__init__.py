"""Compliance bundles on disk, one module for each part.

``packs`` reads pack files, ``folder`` writes the folder of a bundle with its manifest and its audit entry.
"""
