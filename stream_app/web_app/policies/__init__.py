"""Drafts of policies: one person proposes a draft, another one approves it.

``models`` is the table (``migrations`` makes it), ``apps`` names it to Django. ``drafts`` proposes and decides,
``differences`` compares two policies field by field.
"""
