"""People who log in by a provider: ``logins`` as a browser makes them, and ``forgeries`` of the tokens."""
