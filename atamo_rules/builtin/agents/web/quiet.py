"""The HTTP client's own log is not written for calls of agents: it shows headers, and a server may echo in them what it
was sent. What the rest of a program does with the same client is logged as before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGERS = ("httpx2", "httpcore2.connection", "httpcore2.http11")
_calling: ContextVar[bool] = ContextVar("calling", default=False)


def _outside(record: logging.LogRecord) -> bool:
    return not _calling.get()


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, the client logs nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_outside)  # a filter that is there already is not added again
    token = _calling.set(True)
    try:
        yield
    finally:
        _calling.reset(token)
