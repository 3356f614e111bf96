"""The page of the demo: the ratio that its drift is about, and sliders that act on its producer. Only a demo has it.

``running`` knows the demo that this process is part of, and changes its stream; ``ratio`` says in words and numbers how
women fare in it. ``views`` are the page and its form, ``urls`` their addresses beside all others, ``apps`` names the
templates to Django.
"""
