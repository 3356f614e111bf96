# ruff: noqa: B018 - these expressions are looked at by the type checker only
"""A program with errors: mypy --strict finds each one, in the line and with the code that a comment names."""

import fairstream as fs

fs.disparate_impact_ratio((100, 45), (100, 60))  # error: arg-type
doubled = 2 * fs.approval_rate(fs.GroupCount(n=1, favorable=1))  # error: operator
fs.wilson("45", 100)  # error: arg-type
fs.results("loans", windows="1m")  # error: call-arg
number: int = fs.alerts("loans")  # error: assignment
fs.detect({"k_a": [1]})  # error: arg-type
fs.replay("loans", scenarios={"stricter": {"threshold.dir": None}})  # error: dict-item
fs.no_such_name  # error: attr-defined
fs.load_policy("loans").models[0].nmae  # error: attr-defined
