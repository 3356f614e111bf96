"""What Prometheus reads, and the health of the process."""
