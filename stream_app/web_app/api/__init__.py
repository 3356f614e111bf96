"""The API for programs, below ``/api``.

``service`` puts it together; ``resources`` are its routes, and ``document`` describes them as OpenAPI 3.1 with the
answers of ``examples``. ``access`` guards it, ``scoring`` is the model that it asks. ``filters`` checks what a request
selects, ``paging`` cuts answers into pages, ``scenarios`` compares women and men as the FairLens specification does,
``metrics`` are for Prometheus, ``running`` has the settings and counters of this process. ``models`` is the table of
tokens (``migrations`` makes it), ``apps`` names it to Django.
"""
