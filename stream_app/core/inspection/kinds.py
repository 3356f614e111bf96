"""The kinds of personal data: how severe each is, which rule of the GDPR names it, and how to handle it.

Severity 4: special categories and biometric data. 3: identifies a person directly. 2: identifies together with others.

Source: GDPR art. 4(1), 4(14), 9(1) and 10; AI Act (EU) 2024/1689 art. 5(1)(f) and (g).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Action = Literal["drop", "pseudonymize", "generalize"]

SEVERE = 3  # from this severity on, a policy must handle a field


class Kind(NamedTuple):
    """A kind of personal data.

    Attributes:
        name: Its name in reports.
        severity: 2 to 4.
        basis: The provision that names it.
        action: What to do with it.
        has_flag: Whether a truth value says something about a person, as ``is_pregnant`` does.
    """

    name: str
    severity: Literal[2, 3, 4]
    basis: str
    action: Action
    has_flag: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("biometric", 4, "GDPR art. 4(14), 9", "drop"),
        Kind("emotion", 4, "AI Act art. 5(1)(f)", "drop", has_flag=True),
        Kind("ethnicity", 4, "GDPR art. 9", "generalize", has_flag=True),
        Kind("religion", 4, "GDPR art. 9", "drop", has_flag=True),
        Kind("health", 4, "GDPR art. 9", "drop", has_flag=True),
        Kind("orientation", 4, "GDPR art. 9", "drop", has_flag=True),
        Kind("politics", 4, "GDPR art. 9", "drop", has_flag=True),
        Kind("conviction", 4, "GDPR art. 10", "drop", has_flag=True),
        Kind("plate", 3, "GDPR art. 4(1)", "drop"),
        Kind("person_name", 3, "GDPR art. 4(1)", "drop"),
        Kind("email", 3, "GDPR art. 4(1)", "pseudonymize"),
        Kind("phone", 3, "GDPR art. 4(1)", "pseudonymize"),
        Kind("national_id", 3, "GDPR art. 87", "pseudonymize"),
        Kind("payment", 3, "GDPR art. 4(1)", "pseudonymize"),
        Kind("device_id", 3, "GDPR rec. 30", "pseudonymize"),
        Kind("ip_address", 3, "GDPR rec. 30", "drop"),
        Kind("subject_id", 3, "GDPR art. 4(1)", "pseudonymize"),
        Kind("track_id", 3, "GDPR art. 4(1)", "pseudonymize"),
        Kind("address", 3, "GDPR art. 4(1)", "drop"),
        Kind("image", 3, "GDPR art. 4(1)", "drop"),
        Kind("credential", 3, "GDPR art. 32", "drop"),
        Kind("location", 2, "GDPR art. 4(1)", "generalize"),
        Kind("box", 2, "GDPR art. 4(1)", "drop"),
        Kind("birth_date", 2, "GDPR art. 4(1)", "generalize"),
        Kind("age", 2, "GDPR art. 4(1)", "generalize"),
        Kind("demographic", 2, "GDPR art. 4(1)", "generalize", has_flag=True),
        Kind("postal_code", 2, "GDPR art. 4(1)", "generalize"),
        Kind("appearance", 2, "GDPR art. 4(1)", "drop", has_flag=True),
        Kind("finance", 2, "GDPR art. 4(1)", "generalize"),
        Kind("free_text", 2, "GDPR art. 4(1)", "drop"),
    )
}
