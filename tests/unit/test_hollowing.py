"""Lines of an auditor's file whose message was erased: gone where they stood, and all others as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
from atamo_rules.hub.audit.erased import hollowed
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.model.audit import AuditRecord

AT = datetime(2026, 2, 3, 12, tzinfo=UTC)


def record(position: int, why: str) -> AuditRecord:
    return AuditRecord(position, AT, "action.failed", f"e{position}", "ann", {"why": why} if why else {})


def erasure(position: int, records: list[AuditRecord]) -> AuditRecord:
    """What is told when these are erased."""
    found = {str(one.position): left[1] for one in records if (left := hollowed(one)) is not None}
    return AuditRecord(position, AT, "event.erased", "e", what={"by": "dpo", "why": "", "records": found})


def as_erased(one: AuditRecord) -> AuditRecord:
    left = hollowed(one)
    return one if left is None else replace(one, what=left[0])


def lines_of(file: Path) -> list[bytes]:
    return [line.rstrip() for line in file.read_bytes().splitlines()]


@given(
    st.lists(st.text(max_size=30) | st.sampled_from(["x" * 100, "y" * 5000, "ä\n\\" * 40]), max_size=30),
    st.sets(st.integers(1, 30)),
    st.integers(0, 3),
)
def test_those_that_are_named_are_hollow_and_all_others_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, whys: list[str], gone: set[int], missing: int
) -> None:
    file = tmp_path_factory.mktemp("a") / "audit.jsonl"
    records = [record(at, why) for at, why in enumerate(whys, 1)]
    meant = [one for one in records if one.position in gone]
    auditor = JsonLinesAuditor(file)
    for one in records[missing:]:  # the file may begin later than the audit
        auditor.tell(one)
    said = [erasure(len(records) + more, meant) for more in (1, 2)]  # the second finds nothing to do
    for one in said:
        auditor.tell(one)
    last = record(len(records) + 3, "after it")
    auditor.tell(last)
    auditor.close()
    expected = [as_erased(one) if one in meant else one for one in records[missing:]]
    assert lines_of(file) == list(map(record_bytes, [*expected, *said, last]))
    again = JsonLinesAuditor(file)
    again.close()
    assert again.position == last.position


def test_a_long_file_is_written_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    records = [record(at, f"no such street: {at} Hidden Lane {'.' * 80}") for at in range(1, 3001)]
    auditor = JsonLinesAuditor(file)
    for one in records:
        auditor.tell(one)
    before = file.stat()
    auditor.tell(erasure(3001, [records[0], records[1499], records[-1]]))
    auditor.close()
    after = file.stat()
    assert after.st_ino == before.st_ino
    text = file.read_text("utf-8")
    assert [f" {at} Hidden" in text for at in (1, 2, 1500, 1501, 3000)] == [False, True, False, True, False]
    assert (
        after.st_size
        == before.st_size + len(record_bytes(erasure(3001, [records[0], records[1499], records[-1]]))) + 1
    )


def test_lines_of_somebody_else_do_not_hide_it(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    records = [record(at, f"{at} Hidden Lane {'.' * 80}") for at in range(1, 9)]
    file.write_bytes(b"".join(record_bytes(one) + b"\n" + b"# a note\n" * 9 for one in records))
    auditor = JsonLinesAuditor(file)
    auditor.tell(erasure(9, [records[6]]))
    auditor.close()
    lines = lines_of(file)
    assert record_bytes(as_erased(records[6])) in lines
    assert record_bytes(records[6]) not in lines
    assert lines.count(b"# a note") == 72
