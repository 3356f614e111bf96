"""What the detectors are worth: false alarms, delays, onsets, all-clears, simulated beside what else one could use."""
