"""The result of a search for alternatives, for people: ``chart`` is the picture, ``page`` the report as one HTML file.

``wording`` has the numbers and sentences that both and the command line share, ``rows`` the table for spreadsheets.
"""
