"""Drafts of policies: one person proposes a draft, another one approves it.

``models`` are the tables (``migrations`` makes them), ``apps`` names them to Django. ``drafts`` proposes and decides,
``differences`` compares two policies field by field, ``effects`` says what each difference means. ``registered`` keeps
the policies that workers have registered, ``retention`` asks how long topics keep records; both are ``repeated``.
"""
