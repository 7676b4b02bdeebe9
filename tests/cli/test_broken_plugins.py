"""A broken plug-in of any seam is named, with what is wrong, in one sentence; nothing else of the hub is touched."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from atamo_rules.errors import PluginBroken
from atamo_rules.hub import plugins
from atamo_rules.hub.plugins import GROUPS, PARTS, contained, loaded
from tests.cli.test_plugins import atamo, listed, package
from tests.places import ORDERS, write

SEAMS = {
    "atamo.configuration_providers": "--provider",
    "atamo.event_providers": "--events",
    "atamo.stores": "--store",
    "atamo.auditors": "--auditor",
    "atamo.vaults": "--vault",
}
FAULTS = {
    "raises at import": ("1 / 0", "ZeroDivisionError: division by zero"),
    "lacks what it needs": ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    "is for another version": (
        "from atamo_rules import NotThereYet",
        "ImportError: cannot import name 'NotThereYet'",
    ),
    "leaves at import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "names nothing": ("x = 1", "AttributeError"),
    "makes nothing": ("Pager = 7", "TypeError: it is a int, and makes nothing"),
    "raises when it is made": ("def Pager(place, folder): raise KeyError('x')", "KeyError: 'x'"),
    "takes other arguments": ("def Pager(): ...", "TypeError: Pager() takes 0 positional arguments"),
    "makes something else": (
        "def Pager(place, folder): return object()",
        "TypeError: what it makes, a object, has ",
    ),
}


def test_every_seam_is_here() -> None:
    assert set(SEAMS) == set(PARTS) == set(GROUPS) - {"atamo.agents"}


@pytest.mark.parametrize("group", SEAMS)
def test_a_start_names_it_and_says_why(tmp_path: Path, group: str) -> None:
    write(tmp_path / "rules", {"a.atamo": ORDERS})
    for number, (fault, (code, why)) in enumerate(FAULTS.items()):
        package(tmp_path, f"acme-bad{number}", group, f"bad{number}", code)
        done = atamo("run", "rules", "--no-http", "--stdin", SEAMS[group], f"bad{number}:x", here=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), (fault, done)
        assert f"`bad{number}`" in done.stderr or f"`bad{number}:x`" in done.stderr, (fault, done.stderr)
        assert why in done.stderr, (fault, done.stderr)
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "rules/.atamo/hub.db-wal").exists(), "what was begun is closed"


def test_the_listing_names_all_of_them_and_the_others_work(tmp_path: Path) -> None:
    faults = list(FAULTS.values())[:6]
    for group in SEAMS:
        for number, (code, _) in enumerate(faults):
            plugin = f"{group.rpartition('.')[2]}{number}".replace("_", "-")
            package(tmp_path, f"acme-{plugin}", group, plugin, code)
    code, found, _ = listed(tmp_path)
    assert code == 1
    for group in SEAMS:
        for number, (_, why) in enumerate(faults):
            one = found[f"{group.rpartition('.')[2]}{number}".replace("_", "-")]
            assert (one["loaded"], why in str(one["why"])) == (False, True), one
    assert found["sqlite"]["loaded"]
    assert found["http"]["loaded"]


def test_an_import_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "acme-hangs", "atamo.vaults", "hangs", "import threading\nthreading.Event().wait(5)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(plugins, "LOADING", 0.05)
    with pytest.raises(PluginBroken, match=r"its import did not end within 0\.05 seconds") as caught:
        contained("hangs", lambda: loaded(EntryPoint("hangs", "acme_hangs:Pager", "atamo.vaults")))
    assert caught.value.name == "hangs"
