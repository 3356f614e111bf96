"""Why two groups differ: mix or rate, which segments, which features, in one sentence."""
