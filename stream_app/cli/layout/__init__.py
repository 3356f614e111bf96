"""Lays out text for a terminal or a pipe of any width: nothing is cut, and no word is broken.

``words`` breaks long lines between words; ``listing`` describes a table by its columns and rows; ``widths`` decides
whether it fits as a table, and ``drawing`` writes it as one or, where it is too wide, as a block for each row.
"""
