"""Changes of the tables, oldest first: ``first_tables``, ``owners``, ``token_limits``."""
