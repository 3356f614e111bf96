"""Who runs this process, as the operating system knows it."""

from __future__ import annotations

import os
import pwd
import socket

from stream_app.pipeline.records.audit import Exporter


def exporter() -> Exporter:
    """Return the user who runs this process; variables such as USER are not read, as they can say anything."""
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container whose user has no name
        user = str(uid)
    return Exporter(user=user, uid=uid, host=socket.gethostname())
