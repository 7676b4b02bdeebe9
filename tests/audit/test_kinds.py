"""The list of kinds is closed on both sides: what is listed is written somewhere, and nothing else can be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import atamo_rules
from atamo_rules.hub.audit.levels import MEANING
from atamo_rules.model.audit import Kind

PACKAGE = Path(atamo_rules.__file__).parent
LISTS = {PACKAGE / "model/audit.py", PACKAGE / "hub/audit/levels.py"}


def test_every_kind_has_a_meaning() -> None:
    assert set(MEANING) == set(get_args(Kind))


def test_every_kind_is_written_by_some_module() -> None:
    modules = sorted(set(PACKAGE.rglob("*.py")) - LISTS)
    named = {kind for path in modules for kind in re.findall(r'"([a-z]+\.[a-z_]+)"', path.read_text("utf-8"))}
    assert sorted(set(MEANING) - named) == []
