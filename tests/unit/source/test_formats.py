"""Formats for machines stay well-formed whatever files are called and messages say."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.formats import FORMATS, render
from atamo_rules.source.span import Source
from tests.unit.source.hostile import DIAGNOSTICS, MESSAGES, NAMES, RESULTS, TEXT


def encoded(text: str) -> str:
    """The text as a UTF-8 stream would carry it; halves of pairs must be gone or escaped by then."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def test_json_holds_everything_exactly() -> None:
    document = json.loads(render(DIAGNOSTICS, "json", results=RESULTS, summary={"ok": False}))
    assert document["schema_version"] == 1
    assert document["summary"] == {"ok": False}
    assert len(document["diagnostics"]) == len(DIAGNOSTICS)
    assert len(document["tests"]) == len(RESULTS)
    for shown, told in zip(document["diagnostics"], DIAGNOSTICS, strict=True):
        assert (shown["code"], shown["message"], shown["help"]) == (told.code.id, told.message, told.help)
        place = shown["where"]
        assert place["file"] == told.span.source.name
        assert TEXT[place["start"]["offset"] : place["end"]["offset"]] == told.span.text
        assert place["start"]["line"] >= 1
        assert place["start"]["column"] >= 1
        assert [fix["applicability"] for fix in shown["fixes"]] == [
            "safe" if fix.safe else "unsafe" for fix in told.fixes
        ]


def regions(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        here = [node["region"]] if "region" in node else []
        here += [node["deletedRegion"]] if "deletedRegion" in node else []
        return here + [found for value in node.values() for found in regions(value)]
    return [found for value in node for found in regions(value)] if isinstance(node, list) else []


def test_sarif_has_what_sarif_asks_for() -> None:
    """The parts of SARIF 2.1.0 that consumers rely on: §3.13, §3.14, §3.19, §3.27, §3.30 of the OASIS standard."""
    document = json.loads(render(DIAGNOSTICS, "sarif"))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert len({rule["id"] for rule in rules}) == len(rules) == 3
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert len(run["results"]) == len(DIAGNOSTICS)
    for result, told in zip(run["results"], DIAGNOSTICS, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == told.code.id
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        assert result["locations"]
    for region in regions(document):
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert (region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"])
        assert region["charOffset"] >= 0


def uris(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["uri"]] if isinstance(node.get("uri"), str) else []
        return here + [found for value in node.values() for found in uris(value)]
    return [found for value in node for found in uris(value)] if isinstance(node, list) else []


def test_sarif_names_files_by_uri_references() -> None:
    """RFC 3986 §4.1: what is no URI character is percent-encoded, and a colon does not begin a scheme."""
    found = uris(json.loads(render(DIAGNOSTICS, "sarif"))["runs"][0]["results"])
    assert found
    for uri in found:
        assert re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+", uri), uri
        assert ":" not in uri.partition("/")[0]


def test_junit_is_xml_and_counts_right() -> None:
    root = ElementTree.fromstring(encoded(render(DIAGNOSTICS, "junit", results=RESULTS)))
    cases = root.findall("./testsuite/testcase")
    errors = [case for case in cases if case.find("error") is not None]
    failures = [case for case in cases if case.find("failure") is not None]
    assert root.get("tests") == str(len(cases))
    assert root.get("errors") == str(len(errors)) == str(len(DIAGNOSTICS) // 3)
    assert root.get("failures") == str(len(failures)) == str(len(RESULTS) // 2)


def test_github_commands_stay_one_line_each() -> None:
    """One command a finding, data and properties escaped as the runner unescapes them (%, CR, LF; also : and ,)."""
    text = render(DIAGNOSTICS, "github")
    lines = text.removesuffix("\n").split("\n")
    assert len(lines) == len(DIAGNOSTICS)
    assert "\r" not in text
    for line, told in zip(lines, DIAGNOSTICS, strict=True):
        found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert found, line
        values = dict(part.split("=", 1) for part in found[2].split(","))
        assert set(values) == {"file", "line", "col", "endLine", "endColumn", "title"}
        assert unescaped(values["file"]) == told.span.source.name
        assert unescaped(found[3]).startswith(told.message)


def unescaped(text: str) -> str:
    for code, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


@pytest.mark.parametrize("format", ["full", "concise"])
def test_a_terminal_is_never_steered(format: str) -> None:
    """No escape sequence, no control character but line ends, nothing that turns the direction of the text."""
    text = render(DIAGNOSTICS, format)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
    if format == "concise":
        assert text.count("\n") == 21


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_can_say_nothing(format: str) -> None:
    text = render((), format)
    if format in ("json", "sarif"):
        json.loads(text)
    elif format == "junit":
        ElementTree.fromstring(text)
    else:
        assert text == ""


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_formats_can_be_written_to_a_stream(format: str, name: str) -> None:
    told = codes.SYNTAX.at(Source(name, TEXT).span(0, 4), MESSAGES[-1])
    assert encoded(render((told,), format))


def many(count: int) -> list[Diagnostic]:
    source = Source("a.atamo", "x\n" * count)
    kinds = (codes.OPEN_EVENT, codes.UNUSED, codes.SYNTAX)
    return [kinds[at % 3].at(source.span(2 * at, 2 * at + 1), f"finding {at}") for at in range(count)]


def test_twenty_findings_are_shown_and_the_rest_counted() -> None:
    assert "more" not in render(many(20), "full")
    text = render(many(100), "concise")
    assert text.endswith("… and 80 more\n")
    # A third of a hundred are errors: they fill all twenty places, in the order of the file.
    assert text.count("error[E0103]") == 20
    assert len(json.loads(render(many(100), "json"))["diagnostics"]) == 100
    assert render(many(100), "github").count("\n") == 100
