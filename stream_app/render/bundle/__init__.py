"""The page of a compliance bundle: one HTML file without external files, which prints well.

``page`` joins the sections, and ``tables`` writes the evidence as tables; only what commands print is written.
"""
