"""A mailbox on a real server for the tests of mail, and the password that its settings refer to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.events.imap_server import PASSWORD, ImapServer, imap_server


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as made:
        yield made


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATAMO_TEST_MAIL", PASSWORD)
