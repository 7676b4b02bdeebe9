"""What is kept under version control names no machine, and nothing that only one machine has."""

from __future__ import annotations

import re

from tests.house.repository import ROOT, tracked

# Spelt in pieces, so that this file may be kept as well.
_ROOTS = "|".join(("ro" + "ot", "ho" + r"me/\w", "wo" + "rk", "Us" + r"ers/\w"))
FORBIDDEN = {
    "a path of one machine": re.compile(rf"(?<![\w./-])/({_ROOTS})/"),
    "a package registry": re.compile("pypi" + r"\.org|" + "registry" + r"\.npmjs|files\.python" + "hosted"),
    "an index option": re.compile("--(extra-)?index" + "-url"),
}
TEXT = {".py", ".md", ".toml", ".lark", ".json", ".case", ".atamo", ".yaml", ".yml", ".sh", ".txt", ""}


def test_nothing_names_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in tracked()
        if path.suffix in TEXT
        for what, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


def test_test_folders_are_packages() -> None:
    folders = {path.parent for path in tracked() if path.name.startswith("test_") and path.suffix == ".py"}
    assert [
        str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()
    ] == []
