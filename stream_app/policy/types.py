"""The types of a policy's values: names, paths, topics and labels, each with the pattern that it follows."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_NAME = r"^[a-z][a-z0-9_-]{0,39}$"
# A key of a JSON object. Dots join keys; quotes, backslashes and control characters have no one spelling in JSON.
_KEY = r'[^.\s"\\]([^."\\\x00-\x1f]*[^.\s"\\])?'
_PATH = rf"^{_KEY}(\.{_KEY})*$"
_TOPIC = r"^[A-Za-z0-9._-]{1,200}$"
_SUBJECT = r"^[^\s\x00-\x1f\x7f?#]{1,250}$"
_ZONE = r"^[A-Za-z0-9_+/-]{1,64}$"
_WINDOW_NAME = r"^[a-z0-9]{1,12}$"
_FILE = r"^[^\x00-\x1f\x7f]{1,200}$"
_DIGEST = r"^[0-9a-f]{64}$"
_FRACTION = r"^[1-9][0-9]{0,8}(/[1-9][0-9]{0,8})?$"
_AUDITOR_KEY = r"^fspk1\.[A-Za-z0-9_-]{43}$"

# What each pattern means, for messages and for the reference.
PATTERNS = {
    _NAME: "a name: a lowercase letter, then lowercase letters, digits, _ or -, at most 40",
    _PATH: "a path: keys of the JSON joined by dots, without quotes, backslashes and outer spaces",
    _TOPIC: "a topic: letters, digits, dot, _ or -, at most 200",
    _SUBJECT: "a subject of a schema registry: no spaces, at most 250 characters",
    _ZONE: "a time zone of the IANA database, such as Europe/Berlin",
    _WINDOW_NAME: "a short name: lowercase letters and digits, at most 12",
    _FILE: "a path of a file: no control characters, at most 200 characters",
    _DIGEST: "a SHA-256: 64 hex digits in lowercase",
    _FRACTION: "a fraction greater than 0, such as 1/2",
    _AUDITOR_KEY: "a public key as `fairstream keys list --sealing` prints it",
}
# One value of each pattern, for the schema.
EXAMPLES = {
    _NAME: "loans",
    _PATH: "applicant.id",
    _TOPIC: "loan-decisions-raw",
    _SUBJECT: "loan-decisions-raw-value",
    _ZONE: "Europe/Berlin",
    _WINDOW_NAME: "5m",
    _FILE: "loans.anomalies",
    _DIGEST: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    _FRACTION: "1/2",
    _AUDITOR_KEY: "fspk1.rJRq3O16f7KYXeFFIKxo3NvQ7ViVJsuf1eo14GaFhTA",
}

Name = Annotated[str, msgspec.Meta(pattern=_NAME)]
JsonPath = Annotated[str, msgspec.Meta(pattern=_PATH, max_length=200)]
Topic = Annotated[str, msgspec.Meta(pattern=_TOPIC)]
Subject = Annotated[str, msgspec.Meta(pattern=_SUBJECT)]
Format = Literal["json", "avro", "protobuf", "json-schema"]
CameraLayout = Literal["onvif-xml", "onvif-json", "axis-v1", "axis-beta", "deepstream", "deepstream-full", "frigate"]
ZoneName = Annotated[str, msgspec.Meta(pattern=_ZONE)]
FilePath = Annotated[str, msgspec.Meta(pattern=_FILE)]
Digest = Annotated[str, msgspec.Meta(pattern=_DIGEST)]
AuditorKey = Annotated[str, msgspec.Meta(pattern=_AUDITOR_KEY)]
FractionText = Annotated[str, msgspec.Meta(pattern=_FRACTION)]
WindowName = Annotated[str, msgspec.Meta(pattern=_WINDOW_NAME)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
# A label as a policy may write it: true and 1 are read as the texts "true" and "1" (``stream_app.policy.load``).
LabelText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=60, extra_json_schema={"type": ["string", "boolean", "integer"]})
]
Spelling = Annotated[str, msgspec.Meta(max_length=60, extra_json_schema={"type": ["string", "boolean", "integer"]})]
Aliases = dict[LabelText, Annotated[tuple[Spelling, ...], msgspec.Meta(min_length=1, max_length=256)]]
Scalar = bool | int | str
Values = Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1, max_length=256)]


class PolicyPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every part of a policy: immutable, and a misspelled field is an error."""
