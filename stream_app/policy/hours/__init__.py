"""Hours of areas: ``allocations`` says what a policy of kind ``allocations`` must be like."""
