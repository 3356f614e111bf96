"""How FairStream grows: partitions, length of a run, size of the state, rate; one module for each question."""
