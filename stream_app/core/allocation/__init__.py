"""Hours shared among areas: how unequally they are divided, and how to divide them.

``areas`` is one area, ``disparity`` compares hours per capita between levels of areas. ``shares`` divides units
in proportion, and ``rules`` shares hours by risk above a floor. ``limits`` says what each area may get, ``program`` is
the linear program of the nearest allocation that keeps all limits, and ``limited`` rounds it, and names the limits that
bind or conflict.
"""
