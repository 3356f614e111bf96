"""Changes of the tables, oldest first: ``first_table``."""
