"""Commands about other rules than the logged decisions.

``search`` searches for those with less disparity; ``mitigate`` computes weights for training and cuts by group;
``single`` reads the rule that ``fairstream replay run`` decides by.
"""
