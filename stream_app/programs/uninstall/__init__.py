"""Uninstalls a deployment: ``inventory`` lists what it owns and what stays, ``removal`` deletes it."""
