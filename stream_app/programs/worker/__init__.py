"""The worker process: the Faust app, its lanes, metrics and restarts."""
