"""What is judged of a model, with its monitors and its verdicts put together.

``subject`` is the contract; ``decisions``, ``outcomes`` and ``counts`` fulfill it, and ``scores`` adds the tests of a
model's scores to those of its decisions; ``choice`` says which subject is judged under a name.
"""
