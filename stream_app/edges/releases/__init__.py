"""Releases of counts of tracks: ``track_file`` reads the tracks, ``budget_file`` stores what each release cost."""
