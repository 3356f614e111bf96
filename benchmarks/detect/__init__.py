"""What the detectors are worth: false alarms, delays, onsets, recoveries, simulated beside what else one could use."""
