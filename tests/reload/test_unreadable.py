"""A folder that cannot be read is an error, and never a folder without rules or people."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider, Refused
from atamo_rules.hub.generation import Generation
from tests.places import write

FILES = {
    "types.atamo": "event tick\n  n: number\n",
    "rules/a.atamo": "rule mine\n  on tick\n  stop\n",
    "providers/readme.txt": "",
    "people/a.yaml": "users:\n  ann: {}\n",
}


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, who reads everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["rules", "people", "providers"])
def test_a_folder_that_cannot_be_read_leaves_the_last_good_state(name: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        folder = write(Path(place), FILES)
        provider = FolderProvider(folder, watch=False)
        first = provider.load()
        assert isinstance(first, Generation)
        assert provider.news(first)
        (folder / name).chmod(0)
        try:
            with nobody():
                refused = provider.load()
        finally:
            (folder / name).chmod(0o755)
        assert isinstance(refused, Refused)
        (found,) = refused.diagnostics
        assert found.message == "this folder cannot be read: permission denied"
        assert str(found.span).endswith(f"{name}:1:1")
        assert "chmod" in (found.help or "")
        assert provider.last is first
