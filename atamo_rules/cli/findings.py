"""Findings that a hub tells of files that were handed to it, shown as `atamo verify` shows those of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def lines_of(findings: Sequence[Mapping[str, Any]], files: Mapping[str, str | None], color: bool) -> str:
    """The text of findings as a proposal has them, with the lines of its files that they are about."""
    from atamo_rules.cli.shown import pieces
    from atamo_rules.source.diagnostic import Code, Diagnostic, Severity
    from atamo_rules.source.render import render_full
    from atamo_rules.source.span import Source

    shown, elsewhere = [], []
    for one in findings:
        where = one.get("where") or {}
        text = files.get(where.get("file", ""))
        if not isinstance(text, str):
            help = f"  = help: {one['help']}\n" if one.get("help") else ""
            elsewhere.append(f"{one['severity']}: {one['message']}\n{help}")
            continue
        code = Code(one["code"], "", Severity[one["severity"].upper()])
        span = Source(where["file"], text).span(where["start"]["offset"], where["end"]["offset"])
        shown.append(Diagnostic(code, one["message"], span, help=one.get("help")))
    return render_full(shown, color=color, pieces=pieces) + "".join(elsewhere)
