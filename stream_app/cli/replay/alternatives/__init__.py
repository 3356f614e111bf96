"""Commands about other rules than the logged decisions.

``search`` searches for those with less disparity; ``single`` reads the one that ``fairstream replay run`` decides by.
"""
