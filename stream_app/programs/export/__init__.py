"""Export of single records, with an audit entry before the first record and one after the last.

``export`` opens the topic, the audit log and the audit topic; ``write`` writes the records between the two entries.
"""
