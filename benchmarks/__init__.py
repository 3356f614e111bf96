"""What the engine costs: the same job on FairStream and on its peers, measured by CPU time and checked by counts."""
