"""What is special about streams of cameras: ``events`` takes the objects out of their records."""
