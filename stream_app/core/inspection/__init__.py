"""Finds personal data in fields by rules, and never keeps a value.

``kinds`` lists the kinds of personal data with severity and handling. ``words`` cuts a name into English words of
``vocabulary``, ``names`` applies the rules for names, which are ``phrases``, and ``checks`` has those for values.
``observed`` gathers the values of sample records by path, also inside encoded text (``encoded``); ``schemas`` reads
fields from JSON Schema and Avro; ``handling`` reads from a policy what happens to a field; ``inspection`` joins all of
it into one report per field. ``retention`` judges how long a topic keeps records.
"""
