"""What reports share as papers: one HTML file that loads nothing and prints well on A4 and on Letter.

``page`` joins head, style and body, with what is printed on the margin of each page; ``style`` is the style sheet, and
``commands`` writes commands that can be copied from the paper.
"""
