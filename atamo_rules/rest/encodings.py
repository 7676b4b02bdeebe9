"""Bodies that come compressed: gzip (RFC 1952), opened as they come, and no further than a body may be long."""

from __future__ import annotations

import zlib

from starlette.requests import Request

from atamo_rules.rest.parameters import header
from atamo_rules.rest.problem import Problem

_GZIP = 16 + zlib.MAX_WBITS


class Gunzip:
    """Opens one body. A small one may stand for a very large one ("zip bomb"): what is too much is never made."""

    def __init__(self, limit: int) -> None:
        self.left = limit + 1
        self.inner = zlib.decompressobj(_GZIP)
        self.begun = False

    def feed(self, piece: bytes) -> bytes:
        """What a piece holds, at most one byte beyond the limit. Raises Problem, 400."""
        made: list[bytes] = []
        while piece and self.left > 0:
            if self.inner.eof:  # several may follow one another (RFC 1952, 2.2)
                self.inner = zlib.decompressobj(_GZIP)
            self.begun = True
            try:
                found = self.inner.decompress(piece, self.left)
            except zlib.error as error:
                raise broken(str(error)) from None
            self.left -= len(found)
            made.append(found)
            piece = self.inner.unused_data if self.inner.eof else self.inner.unconsumed_tail
        return b"".join(made)

    def end(self) -> None:
        """The body is over. Raises Problem, 400, where it is not whole."""
        if self.begun and not self.inner.eof and self.left > 0:
            raise broken("it is not whole")


def opened(request: Request, limit: int) -> Gunzip | None:
    """What opens the body of a request, by its `Content-Encoding`; None where it is as it is. Raises Problem, 415."""
    given = header(request, b"content-encoding").lower()
    if given in ("", "identity"):
        return None
    if given in ("gzip", "x-gzip"):
        return Gunzip(limit)
    raise Problem(
        415, "encoding", "this encoding is not understood", f"`Content-Encoding` says `{given[:80]}`",
        "send it as it is, or by gzip", headers=(("Accept-Encoding", "gzip"),),
    )  # fmt: skip


def broken(why: str) -> Problem:
    """The problem of a body that is not what it is called."""
    return Problem(400, "gzip", "the body is no gzip", why[:200], "compress it again, or send it as it is")
