"""Machine-applicable fixes, applied to files: safe ones, or all, never two that touch the same place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from atamo_rules.cli.replace_file import replace_file
from atamo_rules.source.diagnostic import Diagnostic, Edit
from atamo_rules.syntax.read import container_of


def apply(diagnostics: Sequence[Diagnostic], *, unsafe: bool) -> int:
    """Write the fixes into their files; gives how many were applied.

    A diagnostic with more than one fix is a choice for a person and is left alone.
    """
    edits: dict[str, list[Edit]] = defaultdict(list)
    applied = 0
    for diagnostic in diagnostics:
        fixes = [fix for fix in diagnostic.fixes if fix.safe or unsafe]
        if len(diagnostic.fixes) != 1 or not fixes or not fixes[0].edits:
            continue
        name = fixes[0].edits[0].span.source.name
        if container_of(name) == "sheet":  # what fits a clause need not fit a cell
            continue
        if any(_overlap(new, old) for new in fixes[0].edits for old in edits[name]):
            continue
        edits[name].extend(fixes[0].edits)
        applied += 1
    for name, changes in edits.items():
        text = changes[0].span.source.text
        for edit in sorted(changes, key=lambda e: (e.span.start, e.span.end), reverse=True):
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        path = Path(name)
        if path.is_file():
            replace_file(path, text)
    return applied


def _overlap(one: Edit, two: Edit) -> bool:
    return one.span.start < two.span.end and two.span.start < one.span.end
