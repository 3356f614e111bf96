"""Reads what is inspected: fields of a schema, of JSON or CSV, of topics, and how long topics keep records.

``sample_file`` reads files, ``sample_topic`` the newest records of a topic, ``topic_settings`` retention settings.
"""
