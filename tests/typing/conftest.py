"""The programs of users are for the type checker; importing them would run them."""

collect_ignore = ["user"]
