"""What an organisation's submitted rules declare is nothing to another's: no list, parameter, definition, or test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.people.test_noise import approved
from tests.people.test_tenancy import Two, made, two  # noqa: F401
from tests.rest.conftest import serve  # noqa: F401

ACMES = """
list vips = "anna", "bert"

param limit: text = "secret77"

define is_vip(name: text): name is "anna"

rule alerts
  on tick
  when word is "anna"
  do
    send desk.send
      word: "acme's own"
"""
PROBES = {
    "a list": "when word is one of vips\n",
    "a parameter": "when word is param.limit\n",
    "a definition": "when is_vip(word)\n",
}
RULE = "rule probe\n  on tick\n  {when}  stop\n"


def order(level: str, text: str) -> dict[str, Any]:
    """A file of a level."""
    pack = level.replace(" ", "_")
    return {"level": level, "files": {"b.atamo": f'pack {pack}\n  owner "{level}"\n\n{text}'}}


@pytest.fixture
def rules(two: Two) -> Two:  # noqa: F811
    """A hub in which acme has declared some names."""
    approved(two, made(two.door.ask("ann", "POST", "/v1/proposals", json=order("organisation acme", ACMES))))
    return two


def found(two: Two, who: str, level: str, text: str) -> list[str]:  # noqa: F811
    """What is said of a file that is tried, and that is proposed: the same."""
    event = {"type": "tick", "data": {"word": "anna"}}
    tried = made(two.door.ask(who, "POST", "/v1/try", json={**order(level, text), "event": event}))
    report = made(two.door.ask(who, "POST", "/v1/proposals", json=order(level, text)))["report"]
    said = [one["message"] for one in report["findings"] if one["severity"] == "error"]
    assert said == [one["message"] for one in tried.get("findings", ()) if one["severity"] == "error"]
    return said


@pytest.mark.parametrize("name", PROBES)
def test_what_another_organisation_declared_is_as_if_it_were_not_there(rules: Two, name: str) -> None:
    probe = RULE.format(when=PROBES[name])
    theirs = found(rules, "bob", "organisation birch", probe)
    for given in ("vips", "limit", "is_vip"):
        probe = probe.replace(given, f"no_{given}")
    nobodys = found(rules, "bob", "organisation birch", probe)
    assert theirs
    assert theirs == [one.replace("no_", "") for one in nobodys]


def test_a_template_tells_no_parameter_of_another_organisation(rules: Two) -> None:
    probe = 'rule probe\n  on tick\n  do\n    send desk.send\n      word: "{{ param.limit }}"\n'
    event = {"type": "tick", "data": {"word": "w"}}
    tried = rules.door.ask(
        "bob", "POST", "/v1/try", json={**order("organisation birch", probe), "event": event}
    )
    assert "secret77" not in tried.text
    assert "no parameter `limit`" in tried.text


def test_a_test_in_a_file_tells_nothing_of_what_others_rules_do(rules: Two) -> None:
    probe = RULE.format(when='when word is "never"\n') + (
        '\n  test "x"\n    given tick { word: "anna" } by ann of acme\n    expect nothing from alerts\n'
    ).replace("expect nothing from alerts", 'expect desk.send { word: "acme\'s own" }')
    assert found(rules, "bob", "organisation birch", probe) == found(
        rules, "bob", "organisation birch", probe.replace("acme's own", "no such word")
    )


def test_the_hubs_and_ones_own_organisations_names_may_be_used(rules: Two) -> None:
    for level in ("organisation acme", "user ann"):
        probe = RULE.format(when="when word is one of vips\n").replace("  stop\n", "") + (
            "  do\n    send desk.send\n      word: param.limit\n"
        )
        files = {"more.atamo": order(level, probe)["files"]["b.atamo"].replace("pack ", "pack more_")}
        assert (
            made(rules.door.ask("ann", "POST", "/v1/proposals", json={"level": level, "files": files}))[
                "report"
            ]["findings"]
            == []
        )


def test_whose_a_rule_is_sees_it_and_nobody_else(rules: Two) -> None:
    """Those of a user are of the organisation that the user is in."""
    text = "rule anns\n  on tick\n  do\n    send desk.send\n      word: word\n"
    proposal = made(rules.door.ask("ann", "POST", "/v1/proposals", json=order("user ann", text)))
    assert (
        made(rules.door.ask("ann", "POST", f"/v1/proposals/{proposal['id']}/approve"))["state"] == "applied"
    )

    def seen(who: str) -> set[str]:
        return {one["id"] for one in made(rules.door.ask(who, "GET", "/v1/rules"))["rules"]}

    assert {"acme/anns", "acme/alerts"} <= seen("ann")
    assert not {"acme/anns", "acme/alerts"} & seen("bob")
    assert "birch_secret_rule" in seen("bob") - seen("ann")
    assert made(rules.door.ask("ann", "PUT", "/v1/holds/rule/anns"))["new"]
    for name in ("anns", "acme/anns"):
        assert rules.door.ask("bob", "GET", f"/v1/holds/rule/{name}").status_code == 404
