"""Parts of the documentation that are made from the code.

``site`` has the functions that MkDocs calls, ``sources`` turns links to source files into pages of the site,
``doctests`` fences the examples of docstrings, ``flags`` lists the flags of all commands, ``topics`` the topics,
``chart`` the values of the Helm chart, ``schemas`` writes the JSON Schemas, and ``blocks`` puts generated text between
markers of a page. ``python -m docs.hooks`` rewrites every generated part that is committed.
"""
