"""The join of late outcomes to their decisions."""
