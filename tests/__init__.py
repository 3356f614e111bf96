"""All tests. Matrices are small here, as in a worker: more threads only wait for one another.

NumPy reads the variable when it is imported, so it is set before any test is.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
