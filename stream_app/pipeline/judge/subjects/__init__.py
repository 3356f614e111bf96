"""What is judged of a model, with its monitors and its verdicts put together.

``subject`` is the contract; ``decisions``, ``outcomes``, ``counts``, ``allocations`` and ``amounts`` fulfill it, and
``scores`` and ``proxies`` add the tests of a model's scores and of its proxies to those of its decisions; ``choice``
says which subject is judged under a name.
"""
