"""What keeps people unrecognizable in published data.

``pseudonym`` replaces identifiers by keyed hashes; ``disclosure`` decides which counts may be shown.
"""
