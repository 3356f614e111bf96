"""Commands that show results and alerts."""
