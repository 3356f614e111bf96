"""Records about hours of areas: ``allocation_results`` is what the judge publishes."""
