"""Reads the documentation for the tests that compare it with the code.

``pages`` lists pages with their code, ``texts`` collects what people read, and ``names`` looks up modules and commands.
"""
