"""Records in the formats of a schema registry, turned into the JSON that a policy describes.

``wire`` is the frame around such records and the table of schemas. ``avro`` and ``protobuf`` each read records of one
schema, and ``json_text`` writes what they have read.
"""
