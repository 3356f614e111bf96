"""What is special about streams of cameras: ``events`` takes the objects out of their records, ``bound`` says whose
contribution to the counts is bounded, and ``joining`` counts tracks that are one object once.
"""
