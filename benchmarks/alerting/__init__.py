"""From the pane with which a rule is found broken to the notification: how long, and where the time goes."""
