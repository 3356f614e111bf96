"""Hours of areas: ``allocations`` simulates those of patrols."""
