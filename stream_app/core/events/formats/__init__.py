"""Records in the formats of a schema registry, turned into the JSON that a policy describes.

``wire`` is the frame around such records and the table of schemas. ``avro`` and ``protobuf`` each read records of one
schema, ``avro_columns`` many records in Avro at once by moving ``avro_cursor``; ``json_text`` writes what was read.
``texts`` does all of it for the records of a topic, and adds the headers of the records that a policy names;
``instances`` takes the one instance out of the payload of an inference service.
"""
