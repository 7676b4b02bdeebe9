"""Both ends of a TLS that is too old: 1.0 and 1.1, which no client of ours speaks."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


def only_old(context: ssl.SSLContext) -> ssl.SSLContext:
    """A server's or a client's context that speaks nothing newer."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def speaks(port: int) -> str | None:
    """What a client as old as that agrees upon with a server on this machine: to show that whoever is refused there is
    refused for its age alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        only_old(context).wrap_socket(plain) as secured,
    ):
        return secured.version()


@contextmanager
def old_mail_server(context: ssl.SSLContext, says: Sequence[bytes]) -> Iterator[int]:
    """The port of a mail server that says this, hearing a line between one and the next, and then agrees on TLS."""

    def serve() -> None:
        with suppress(OSError):
            plain, _ = listening.accept()
            with plain:
                for number, line in enumerate(says):
                    if number:
                        plain.recv(4096)
                    plain.sendall(line)
                context.wrap_socket(plain, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.close()
            thread.join(10)
