"""What keeps people unrecognizable in published data.

``pseudonym`` replaces identifiers by keyed hashes, ``epochs`` says which key is used for what, and where a new one may
begin; ``sealing`` encrypts for auditors alone. ``disclosure`` decides which counts may be shown, and
``rounding`` rounds those that could be subtracted from others.
"""
