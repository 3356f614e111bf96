"""Hours of areas from a file: ``rows`` reads areas, ``plan`` shares hours, ``facts`` is the result."""
