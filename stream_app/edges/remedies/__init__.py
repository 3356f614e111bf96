"""What remedies need of other libraries: ``linear_programs`` solves linear programs with SciPy."""
