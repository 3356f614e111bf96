"""``python -m tests.programs.web_check``: the web application as a person sees it, in a real browser, with a real demo.

``stage`` starts the demo and a headless Chromium, ``claims`` says what must be true of the pages, and ``visits`` looks
at each page in both themes and at two widths.
"""
