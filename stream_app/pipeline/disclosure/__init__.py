"""What may leave: suppression rules for results, alerts, causes and totals."""
