"""Event generators and data-set streams that write to the raw topics."""
