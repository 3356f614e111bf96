"""The judge: closes windows of counts, tests every pair all the time, and writes results and alerts."""
