"""The search for alternatives: what it finds in simulated lenders, and how fast it counts.

``lenders`` simulates lenders with and without a better alternative, ``validity`` counts what is found in them,
``speed`` times the counting beside a loop over the alternatives, and ``command`` joins both.
"""
