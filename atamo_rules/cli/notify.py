"""Tells the service manager how the dispatcher stands, where one asked for it (sd_notify(3): `NOTIFY_SOCKET`)."""

from __future__ import annotations

import os
import socket


def notify(*lines: str) -> None:
    """Send lines such as `READY=1`. Nobody listening, or not any more, is no fault of ours."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        try:
            door.connect("\0" + address[1:] if address[0] == "@" else address)
            door.sendall("\n".join(lines).encode())
        except OSError:
            return
