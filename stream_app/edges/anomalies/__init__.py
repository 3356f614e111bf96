"""References of anomaly tags: ``fitting`` fits a forest with scikit-learn, ``reference_file`` stores and reads it.

``scorers`` has those that a worker uses. The extra ``ml`` brings scikit-learn and skops; nothing else needs them.
"""
