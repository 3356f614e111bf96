"""The join of late outcomes to their decisions.

``join_records`` are the records of the topic in which both meet; ``outcome_join`` has the rules of the join;
``waiting_decisions`` stores the decisions that wait, by serial number and by tag.
"""
