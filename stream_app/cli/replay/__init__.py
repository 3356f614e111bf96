"""``fairstream replay``: verify, run, compare, bisect, export."""
