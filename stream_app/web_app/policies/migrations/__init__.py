"""Changes of the table, oldest first: ``first_tables``."""
