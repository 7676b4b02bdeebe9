"""Findings for machines: JSON, SARIF 2.1.0, JUnit XML and GitHub workflow commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from atamo_rules.source.diagnostic import Code, Diagnostic, Fix, Severity
from atamo_rules.source.render import Pieces, limited, plain, render_concise, render_full, visible
from atamo_rules.source.span import Span

FORMATS = ("full", "concise", "json", "sarif", "junit", "github")
MOST = 5_000
"""Most findings in a document for machines; JSON also says how many were left out. Viewers of SARIF show no more."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test from a rule file: `message` says why it did not pass."""

    __test__ = False

    name: str
    passed: bool
    span: Span
    message: str = ""


def render(
    diagnostics: Sequence[Diagnostic],
    format: str,
    *,
    color: bool = False,
    results: Sequence[TestResult] = (),
    summary: dict[str, Any] | None = None,
    pieces: Pieces = plain,
) -> str:
    """Findings in one of FORMATS; `full` and `concise` show the first twenty, the others the first `MOST`. With
    `color` the lines of `full` are shown by their `pieces`."""
    left_out = max(0, len(diagnostics) - MOST)
    diagnostics = diagnostics if format in ("full", "concise") else diagnostics[:MOST]
    match format:
        case "json":
            more = {"left_out": left_out} if left_out else {}
            return as_json(diagnostics, results, {**(summary or {}), **more})
        case "sarif":
            return sarif(diagnostics)
        case "junit":
            return junit(diagnostics, results)
        case "github":
            return github(diagnostics)
    shown, left = limited(diagnostics)
    if format == "full":
        text = render_full(shown, color=color, pieces=pieces)
    else:
        text = render_concise(shown, color=color)
    return text + (f"… and {left} more\n" if left else "")


def region(span: Span) -> dict[str, Any]:
    """A span as people and editors count it: lines and columns from 1, in code points, and character offsets."""
    begin, end = span.begins, span.ends
    return {
        "file": span.source.name,
        "start": {"line": begin.line, "column": begin.column, "offset": span.start},
        "end": {"line": end.line, "column": end.column, "offset": span.end},
    }


def as_json(diagnostics: Sequence[Diagnostic], results: Sequence[TestResult], summary: dict[str, Any]) -> str:
    """One JSON document, always valid, with a `schema_version`."""
    document = {
        "schema_version": 1,
        "summary": summary,
        "diagnostics": [_diagnostic(d) for d in diagnostics],
        "tests": [
            {"name": r.name, "passed": r.passed, "message": r.message, "where": region(r.span)}
            for r in results
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _diagnostic(d: Diagnostic) -> dict[str, Any]:
    return {
        "code": d.code.id,
        "severity": str(d.severity),
        "title": d.code.title,
        "message": d.message,
        "label": d.label,
        "where": region(d.span),
        "also": [{"message": label.message, "where": region(label.span)} for label in d.also],
        "notes": list(d.notes),
        "help": d.help,
        "fixes": [
            {
                "title": fix.title,
                "applicability": "safe" if fix.safe else "unsafe",
                "edits": [{"text": edit.text, "where": region(edit.span)} for edit in fix.edits],
            }
            for fix in d.fixes
        ],
        "explain": f"atamo explain {d.code.id}",
    }


_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """SARIF 2.1.0 (OASIS), columns in Unicode code points."""
    seen: dict[str, Code] = {d.code.id: d.code for d in diagnostics}
    rules = [
        {
            "id": code.id,
            "shortDescription": {"text": code.title},
            "help": {"text": f"{code.title}. `atamo explain {code.id}` tells more."},
            "defaultConfiguration": {"level": _LEVELS[code.severity]},
        }
        for code in seen.values()
    ]
    index = {id: at for at, id in enumerate(seen)}
    document = {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [
            {
                "tool": {"driver": {"name": "atamo", "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(d, index) for d in diagnostics],
            }
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _result(d: Diagnostic, index: Mapping[str, int]) -> dict[str, Any]:
    """A SARIF result; `index` is where each code stands among the rules of the run."""
    return {
        "ruleId": d.code.id,
        "ruleIndex": index[d.code.id],
        "level": _LEVELS[d.severity],
        "message": {"text": d.message + (f" ({d.help})" if d.help else "")},
        "locations": [_location(d.span)],
        "relatedLocations": [
            {**_location(label.span), "message": {"text": label.message}} for label in d.also
        ],
        "fixes": [_fix(fix) for fix in d.fixes],
    }


def _fix(fix: Fix) -> dict[str, Any]:
    changes = [
        {
            "artifactLocation": {"uri": _uri(edit.span.source.name)},
            "replacements": [{"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}],
        }
        for edit in fix.edits
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _location(span: Span) -> dict[str, Any]:
    return {
        "physicalLocation": {"artifactLocation": {"uri": _uri(span.source.name)}, "region": _region(span)}
    }


def _uri(name: str) -> str:
    """A file's name as a URI reference (RFC 3986 §4.1), from the bytes that the file system has for it."""
    try:
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "backslashreplace")
    return quote(raw, safe="/!$&'()*+,;=~")


def _region(span: Span) -> dict[str, Any]:
    begin, end = span.begins, span.ends
    return {
        "startLine": begin.line,
        "startColumn": begin.column,
        "endLine": end.line,
        "endColumn": end.column,
        "charOffset": span.start,
        "charLength": span.end - span.start,
    }


def junit(diagnostics: Sequence[Diagnostic], results: Sequence[TestResult]) -> str:
    """JUnit XML: a test case for each test, and one for each error of the rules themselves."""
    # Here, since it brings HTTP and mail with it, which nothing else of this needs.
    from xml.sax.saxutils import escape, quoteattr

    errors = [d for d in diagnostics if d.severity is Severity.ERROR and not d.code.id.startswith("E07")]
    failed = sum(not result.passed for result in results)
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites tests="{len(results) + len(errors)}" failures="{failed}" errors="{len(errors)}">',
        f'  <testsuite name="atamo" tests="{len(results) + len(errors)}" failures="{failed}" errors="{len(errors)}">',
    ]
    for result in results:
        place, name = quoteattr(visible(result.span.source.name)), quoteattr(visible(result.name))
        case = f"    <testcase classname={place} name={name}"
        if result.passed:
            out.append(case + "/>")
            continue
        out.append(case + ">")
        body = escape("\n".join(visible(line) for line in result.message.split("\n")))
        out.append(
            f"      <failure message={quoteattr(visible(result.message.split(chr(10))[0]))}>{body}</failure>"
        )
        out.append("    </testcase>")
    for d in errors:
        name = f"{d.code.id} {d.span}"
        out.append(
            f"    <testcase classname={quoteattr(visible(d.span.source.name))} name={quoteattr(visible(name))}>"
        )
        out.append(f"      <error message={quoteattr(visible(d.message))}/>")
        out.append("    </testcase>")
    out += ["  </testsuite>", "</testsuites>"]
    return "\n".join(out) + "\n"


def github(diagnostics: Sequence[Diagnostic]) -> str:
    """GitHub workflow commands, which show findings beside the lines of a pull request."""
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
    lines = []
    for d in diagnostics:
        begin, end = d.span.begins, d.span.ends
        place = (
            f"file={_property(d.span.source.name)},line={begin.line},col={begin.column},"
            f"endLine={end.line},endColumn={end.column},title={_property(d.code.id + ' ' + d.code.title)}"
        )
        text = d.message + (f" ({d.label})" if d.label else "") + (f"\nhelp: {d.help}" if d.help else "")
        lines.append(f"::{words[d.severity]} {place}::{_data(text)}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
