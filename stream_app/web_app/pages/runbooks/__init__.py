"""The runbooks.

``runbook_pages`` lists and shows them, ``blocks`` reads the part of Markdown in which they are written.
"""
