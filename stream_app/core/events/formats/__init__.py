"""Records in the formats of a schema registry, turned into the JSON that a policy describes.

``wire`` is the frame around such records and the table of schemas. ``avro`` reads records of one schema, and
``json_text`` writes what it has read.
"""
