"""The systems that are compared; each module is a program of its own, started with one file that says what to do."""
