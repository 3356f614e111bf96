"""Changes of the tables, oldest first: ``first_tables``, ``kinds_of_alerts``, ``newest_rows``."""
