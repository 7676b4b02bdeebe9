"""Every problem that a hub answers is explained, under the status it has, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import atamo_rules
from atamo_rules.cli.explain import explain
from atamo_rules.rest.catalogue import CATALOGUE, page
from atamo_rules.rest.people import ONE
from tests.places import ORDERS
from tests.rest.conftest import Serving

HERE = Path(atamo_rules.__file__).parent
COMPUTED = {
    **{f"unknown-{kind}": 404 for kind in ("agent", "rule", "organisation", "action-type")},
    **{f"unknown-{kind[:-1]}": 404 for kind in ONE},
    "not-found": 404,
    "method": 405,
    "http": 405,
}
"""Codes that are put together where they are said."""


def text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def said() -> Iterator[tuple[str, int]]:
    """Every code and status that stands in the source: in problems, refusals of the intake, and of proposals."""
    for path in (
        *(HERE / "rest").glob("*.py"),
        *(HERE / "hub").glob("*.py"),
        HERE / "hub/proposals/proposals.py",
    ):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                arguments = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
                named = {one.arg: one.value for one in node.keywords}
                match node.func.id, arguments:
                    case "Problem", [int(status), str(code), *_]:
                        yield code, status
                    case "refusal", [str(code), int(status), *_]:
                        yield code, status
                    case "Refused", [str(code), *_] if path.name == "proposals.py":
                        yield code, 409
                    case "Taken", _ if "code" in named:
                        status_of = named["status"]
                        assert isinstance(status_of, ast.Constant)
                        yield text(named["code"]), int(str(status_of.value))
    yield from COMPUTED.items()


def test_every_code_that_is_said_is_explained_under_its_status() -> None:
    for code, status in said():
        assert code in CATALOGUE, code
        assert status in CATALOGUE[code].statuses, (code, status)


def test_nothing_is_explained_that_is_never_said() -> None:
    found = {code for code, _ in said()}
    assert set(CATALOGUE) - found == set()
    assert list(CATALOGUE) == sorted(CATALOGUE)


def test_a_problem_says_where_it_is_explained(serve: Callable[..., Serving]) -> None:
    web = serve(ORDERS).web
    problem = web.get("/v1/events/none").json()
    assert problem["type"] == "/docs#problem-unknown-id"
    assert "id='problem-unknown-id'" in web.get("/docs").text


@pytest.mark.parametrize("code", ["unknown-id", "RATE", "e0203"])
def test_explain_knows_codes_of_both_kinds(code: str) -> None:
    done = CliRunner().invoke(explain, [code], standalone_mode=False)
    assert (done.exit_code, done.return_value) == (0, 0)
    assert re.match(rf"# {code}", done.output, re.IGNORECASE)


def test_a_page_says_what_to_do() -> None:
    told = page("rate")
    assert told is not None
    assert "429" in told
    assert "Retry-After" in told
    assert page("none") is None
