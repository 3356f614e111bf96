"""The page of a compliance bundle: one HTML file without external files, which prints well.

``page`` joins the sections, ``tables`` writes the evidence as tables, of which ``groups`` writes those of groups and
``alerts`` those of alerts; only what commands print is written.
"""
