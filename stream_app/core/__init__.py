"""Pure ideas: no I/O, clock, randomness, logging or settings; sibling packages do not import each other."""
