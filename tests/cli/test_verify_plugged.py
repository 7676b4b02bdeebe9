"""`atamo verify` asks the plug-ins that are named about the events of the tests, and finds what they do wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_hub_commands import atamo
from tests.cli.test_plugins import package
from tests.cli.test_simulate_plugged import DESK, PLUG, RULES
from tests.places import write

TEST = '  test "one"\n    given tick { n: 1 }\n    expect desk.note { line: "one" }\n'
GOOD = PLUG.replace(', ActionMessage("desk.not", {})', "")


def verified(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, plug: str = PLUG
) -> tuple[int, str, str]:
    package(folder, "acme-pricing", "atamo.configuration_providers", "pricing", plug)
    write(folder, {"rules/a.atamo": DESK + TEST})
    monkeypatch.setenv("PYTHONPATH", str(folder))
    done = atamo("verify", "rules", "--format", "concise", "--provider", f"pricing:{place}", cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_providers_that_are_not_asked_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": RULES, "atamo.toml": '[run]\nprovider = ["stock:routes.json"]\n'})
    done = atamo("verify", ".", cwd=tmp_path)
    assert done.returncode == 0
    assert "providers of plug-ins are not asked but by `--provider`: stock\n" in done.stderr


@pytest.mark.parametrize("place", ["", "following"])
def test_one_that_answers_well_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    code, out, err = verified(tmp_path, monkeypatch, place, GOOD)
    assert (code, err) == (0, ""), out


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("", "message 2 would not be taken: no agent does `desk.not`"),
        ("raises", "RuntimeError: no price"),
        ("hangs", "it did not answer within 0.2 seconds"),
        ("none", "the provider pricing is not asked: no list yet"),
    ],
)
def test_what_it_does_wrong_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, why: str
) -> None:
    code, out, err = verified(tmp_path, monkeypatch, place)
    assert code == 1
    assert why in out + err
    assert "E0809" in out + err


def test_one_that_cannot_be_made_is_an_error_of_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = verified(tmp_path, monkeypatch, "bad")
    assert code == 2
    assert "there is no such price list" in err
