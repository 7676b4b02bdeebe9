"""Every kind has a meaning and a level; a lower level keeps less, and never less than how things ended."""

from __future__ import annotations

from atamo_rules.hub.audit.levels import MEANING, keeps
from atamo_rules.model.audit import KINDS, LEVELS


def test_every_kind_has_a_meaning_and_no_other() -> None:
    assert tuple(MEANING) == KINDS
    assert all(about and about == about.strip() for _, about in MEANING.values())
    assert {level for level, _ in MEANING.values()} == set(LEVELS)


def test_levels_rise() -> None:
    kept = [[kind for kind in KINDS if keeps(level, kind)] for level in LEVELS]
    assert set(kept[0]) < set(kept[1]) < set(kept[2]) == set(KINDS)
    assert {"event.accepted", "action.done", "action.failed", "event.finished"} <= set(kept[0])
