"""The routes about counts: ``quality`` has those of rejected and late records, ``cameras`` those of cameras."""
