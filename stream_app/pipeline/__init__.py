"""The steps in the order in which data flows: ingest, judge. Pure: bytes in, bytes out."""
