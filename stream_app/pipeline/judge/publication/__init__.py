"""The published counts of cameras: ``ladder`` releases windows until nobody stands out, and ``publisher`` makes records
of what is released, with noise that a budget pays for.
"""
