"""Changes of the table, oldest first: ``first_table``, ``by_model``."""
