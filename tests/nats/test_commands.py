"""Commands that read the files of a project whose hub shares its store: what they say instead of a wrong answer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.cli.main import cli
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.people.made_here import place_of, take_in
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.store_stage import Stage
from tests.nats.servers import NatsServer
from tests.nats.test_hubs import together, until
from tests.nats.test_time_of_several import UNPAID

ASKED = (
    ["trace", "e1", "--folder", "."],
    ["dead", "list", "--folder", "."],
    ["audit", "search", "--folder", "."],
    ["audit", "verify", "."],
)


def atamo(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(arguments), standalone_mode=True)
    return done.exit_code, done.output


@pytest.fixture
def project(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an old file of a time before, and a view of the stream that its hub followed last."""
    (tmp_path / "rules.atamo").write_text(UNPAID)
    (tmp_path / ".atamo").mkdir(mode=0o700)
    (tmp_path / ".atamo" / "hub.db").write_bytes(b"")
    monkeypatch.chdir(tmp_path)

    async def follow() -> None:
        stage = Stage(lambda clock: NatsStore(place, tmp_path / ".atamo" / "nats", clock))
        await stage.open()
        await stage.accept("e1", stage.work())
        await stage.store.close()

    asyncio.run(follow())
    return tmp_path


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: " ".join(asked[:2]))
def test_what_is_asked_of_a_stopped_hub(project: Path, place: Place, asked: list[str]) -> None:
    code, said = atamo(*asked)
    assert code == 2
    assert f"shares its store, `nats:…/{place.stream}`, with others" in said
    assert "--url" in said
    assert f".atamo/nats/{place.stream}.db" in said


def test_what_this_hub_followed_can_be_asked(project: Path, place: Place) -> None:
    view = str(project / ".atamo" / "nats" / f"{place.stream}.db")
    assert atamo("audit", "verify", view)[0] == 0
    code, said = atamo("audit", "search", "--folder", view, "--format", "jsonl")
    assert code == 0
    assert "event.accepted" in said


def test_a_backup_is_of_the_servers(project: Path) -> None:
    code, said = atamo("backup", ".", "copy.db")
    assert code == 2
    assert "nats stream backup" in said
    assert not (project / "copy.db").exists()
    code, said = atamo("backup", "nats:one,two,three/shop?creds=secret.creds", "copy.db")
    assert code == 2
    assert "nats stream backup" in said
    assert "secret" not in said


def test_the_settings_of_run_say_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "atamo.toml").write_text('[run]\nstore = "nats:one,two/shop"\n')
    (tmp_path / ".atamo").mkdir()
    code, said = atamo("trace", "e1", "--folder", ".")
    assert code == 2
    assert "shares its store, `nats:one,two/shop`, with others" in said


def test_a_key_is_revoked_by_the_folder_of_any_hub_for_all_of_them(place: Place, tmp_path: Path) -> None:
    """Made in the folder of one hub, revoked in that of the other: neither folder holds the list of keys."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        (folder / ".atamo" / "nats").mkdir(parents=True, mode=0o700)
        (folder / ".atamo" / "nats" / f"{place.stream}.db").touch()

    async def story(*hubs: Hub) -> None:
        doors = [place_of(folder) for folder in folders]
        for maker, ender in ((0, 1), (1, 0)):
            code, text = await asyncio.to_thread(
                atamo, "key", "create", "ann", "--folder", str(folders[maker])
            )
            assert code == 0, text
            id = text.split("_")[1]
            assert [key.id for key in (await take_in(doors[maker], hubs[maker])).made] == [id]
            await until(lambda id=id: all(id in hub.keyring.keys for hub in hubs))  # type: ignore[misc]
            code, said = await asyncio.to_thread(atamo, "key", "revoke", id, "--folder", str(folders[ender]))
            assert code == 0, said
            assert f"key {id}: its hub revokes it within a second" in said
            assert [key.id for key in (await take_in(doors[ender], hubs[ender])).ended] == [id]
            await until(lambda id=id: all(hub.keyring.keys[id].revoked for hub in hubs))  # type: ignore[misc]
        assert (await asyncio.to_thread(atamo, "key", "revoke", "abcdefgh", "--folder", str(folders[0])))[
            0
        ] == 0
        (why,) = (await take_in(doors[0], hubs[0])).wrong
        assert "there is none of this id" in why

    together(place, tmp_path, (ScriptedAgent(), ScriptedAgent()), story)


def checks() -> tuple[bool, dict[tuple[str, str], dict[str, Any]]]:
    told = json.loads(atamo("doctor", ".", "--format", "json")[1])
    return told["ok"], {(one["what"], one["name"]): one for one in told["checks"]}


def test_the_doctor_asks_the_servers_and_names_rules_that_count_apart(
    project: Path, server: NatsServer, place: Place
) -> None:
    found = checks()[1]
    assert found["store", "nats"]["state"] == "warning"
    assert place.stream in found["store", "nats"]["said"]
    assert ("store", "file") not in found
    named = f"nats:127.0.0.1:{server.port}/{place.stream}?monitor={server.monitor}"
    (project / "atamo.toml").write_text(f'[run]\nstore = "{named}"\n')
    well, found = checks()
    assert well, found
    assert found["store", f"127.0.0.1:{server.port}"]["state"] == "ok"
    assert found["project", "time"]["state"] == "warning"
    assert "have the balancer send" in found["project", "time"]["help"]
    assert ("project", "limits") not in found
    limited = 'agent desk\n  uses log\n    limits: { rate: "1 per second" }\n'
    (project / "rules.atamo").write_text(UNPAID.replace("agent desk\n", limited))
    assert "write the share of one hub" in checks()[1]["project", "limits"]["help"]
    (project / "atamo.toml").write_text(f'[run]\nstore = "{named}&creds=gone.creds"\n')
    well, found = checks()
    assert not well
    assert found["store", "credentials"]["state"] == "wrong"
