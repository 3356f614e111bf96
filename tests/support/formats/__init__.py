"""Records in the formats of a schema registry: ``hiring`` and ``lending`` are streams in every format, each with a
schema that changes; ``framed`` writes them as serializers do.
"""
