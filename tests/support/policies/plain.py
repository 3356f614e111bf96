"""A policy without a mistake, and what a mistake in it is."""

from __future__ import annotations

PLAIN = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
identifiers = [{ path = "person.id", link_domain = "person" }]
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [
    { name = "sex", path = "sex", groups = ["f", "m"], reference = "m" },
    { name = "age", path = "age", groups = ["young", "old"], reference = "old" },
]
segment = { name = "site", path = "site", values = ["a", "b"] }
features = [{ name = "score", path = "score", minimum = 0, maximum = 1, scale = 1000 }]
keep = ["note"]
windows = [{ name = "1m", size_s = 60 }]
"""

# The text that is replaced, by what, and what must be said (parts of one line).
Mistake = tuple[str, str, tuple[str, ...]]
