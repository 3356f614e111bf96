"""How much history is kept, and how: so that no page depends on how long the application has been running.

``keeping`` says for how long every result is kept, then one of each hour, then one of each day; ``thinning`` deletes
the others. ``bodies`` stores records in a seventh of their size. ``shown_models`` knows which models are stored, and
how small the groups are that they show; ``names`` lists the models of a large table. ``models`` are its tables
(``migrations`` makes them), ``apps`` names them to Django.
"""
