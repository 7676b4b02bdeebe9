"""`atamo run` as its user meets it: a real process, real signals, real files being edited."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import ORDERS, write


def placed(id: str, total: int = 120) -> dict[str, Any]:
    return {"type": "order.placed", "id": id, "data": {"id": id, "total": total}}


def lines(*events: Any) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def audit(folder: Path) -> list[dict[str, Any]]:
    """The records but for checkpoints, each with the facts of its kind beside the members that all have."""
    lines = (folder / ".atamo/audit.jsonl").read_text("utf-8").splitlines()
    records = [record for record in map(json.loads, lines) if record["kind"] != "audit.checkpoint"]
    return [{**record, **record["what"]} for record in records]


def test_standard_input_is_taken_to_its_end(tmp_path: Path) -> None:
    write(tmp_path, {"rules/a.atamo": ORDERS})
    done = atamo("run", "--stdin", cwd=tmp_path, stdin=lines(placed("a"), placed("b", 3), placed("c")))
    assert done.returncode == 0, done.stderr
    assert "1 rule" in done.stderr
    assert (tmp_path / "out/desk.log").read_text() == "Order a over 120\nOrder c over 120\n"
    kinds = [(record["kind"], record["event"]) for record in audit(tmp_path)]
    assert kinds[0] == ("hub.started", "")
    assert kinds[-1] == ("hub.stopped", "")
    assert sorted(event for kind, event in kinds if kind == "event.finished") == ["a", "b", "c"]
    assert len({r["digest"] for r in audit(tmp_path) if r["kind"] in ("hub.started", "event.decided")}) == 1


def test_refused_lines_are_named_and_the_others_taken(tmp_path: Path) -> None:
    write(tmp_path, {"rules/a.atamo": ORDERS})
    text = (
        lines(placed("a"))
        + "{broken\n\n"
        + '{"type": "order.palced", "data": {}}\n'
        + lines(placed("b"))[:-1]
    )
    done = atamo("run", "--stdin", cwd=tmp_path, stdin=text)
    assert done.returncode == 1
    assert "line 2 was refused: not JSON" in done.stderr
    assert (
        "line 4 was refused: there is no event type `order.palced`; did you mean `order.placed`?"
        in done.stderr
    )
    assert (tmp_path / "out/desk.log").read_text().count("\n") == 2


def test_a_line_that_is_too_long_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    write(tmp_path, {"rules/a.atamo": ORDERS})
    done = atamo("run", "--stdin", cwd=tmp_path, stdin="x" * (17 << 20) + "\n" + lines(placed("b")))
    assert "line 1 was refused: the line has more than" in done.stderr
    assert (tmp_path / "out/desk.log").read_text() == "Order b over 120\n"


def test_http_drop_folder_and_sigterm(tmp_path: Path) -> None:
    write(tmp_path, {"p/rules/a.atamo": ORDERS})
    inbox = tmp_path / "inbox"
    with Dispatcher("p", "--port", "0", "--drop", str(inbox), cwd=tmp_path) as hub:
        with hub.web as web:
            assert web.post("/v1/events", json=placed("h")).status_code == 202
            assert hub.until(lambda: web.get("/v1/events/h").json()["state"] == "finished")
        (inbox / "one.json").write_text(json.dumps(placed("f1")))
        (inbox / "two.jsonl").write_text(lines(placed("f2"), {"type": "nope", "data": {}}))
        (inbox / "notes.txt").write_text("not for us")
        hub.until(
            lambda: (inbox / "failed/two.jsonl.reason.txt").exists() and (inbox / "done/one.json").exists()
        )
        assert "line 2: there is no event type `nope`" in (inbox / "failed/two.jsonl.reason.txt").read_text()
        assert (inbox / "notes.txt").exists()
        assert hub.end(signal.SIGTERM) == 0
    assert sorted((tmp_path / "p/out/desk.log").read_text().splitlines()) == [
        f"Order {n} over 120" for n in ("f1", "f2", "h")
    ]
    assert audit(tmp_path / "p")[-1]["kind"] == "hub.stopped"
    assert not any("Traceback" in line for line in hub.err)


def test_a_rate_of_the_settings_holds_at_the_door(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": ORDERS, "atamo.toml": '[run]\nrate = "2 per hour"\n'})
    with Dispatcher(".", "--port", "0", cwd=tmp_path) as hub, hub.web as web:
        assert [web.get("/v1/types").status_code for _ in range(3)] == [200, 200, 429]
        assert hub.end(signal.SIGTERM) == 0


def test_ctrl_c_ends_it_with_130(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": ORDERS})
    with Dispatcher("--port", "0", cwd=tmp_path) as hub:
        hub.said("listening")
        assert hub.end(signal.SIGINT) == 130


def test_an_edit_is_live_and_a_bad_one_leaves_the_last_good_state(tmp_path: Path) -> None:
    write(tmp_path, {"rules/a.atamo": ORDERS})
    rule = tmp_path / "rules/a.atamo"
    with Dispatcher("--port", "0", cwd=tmp_path) as hub, hub.web as web:
        first = web.get("/v1/rules").json()["digest"]
        mark = len(hub.err)
        rule.write_text(ORDERS.replace("total > 100", "totl > 100"))
        assert first[:12] in hub.said("still serving", mark)
        shown = "\n".join(hub.err[mark:])
        assert "error[E0201]: `order.placed` has no field `totl`" in shown
        assert "a.atamo:17:8" in shown
        assert web.get("/v1/rules").json()["digest"] == first
        web.post("/v1/events", json=placed("one", 120))

        mark = len(hub.err)
        rule.write_text(ORDERS)
        assert first[:12] in hub.said("live again", mark)

        mark = len(hub.err)
        rule.write_text(ORDERS.replace("total > 100", "total > 10"))
        hub.said("still serving", mark)
        assert "E0701" in "\n".join(hub.err[mark:]), (
            "the test in the file no longer passes, so it is not taken"
        )

        mark = len(hub.err)
        changed = ORDERS.replace("total > 100", "total > 10").replace("total: 20", "total: 2")
        rule.write_text(changed)
        hub.said(" live: 1 rule", mark)
        second = web.get("/v1/rules").json()["digest"]
        assert second != first
        web.post("/v1/events", json=placed("two", 20))
        hub.until(lambda: web.get("/v1/events/two").json()["state"] == "finished")
        assert hub.end(signal.SIGTERM) == 0
    decided = {r["event"]: r["digest"] for r in audit(tmp_path) if r["kind"] == "event.decided"}
    assert decided == {"one": first, "two": second}
    kinds = [r["kind"] for r in audit(tmp_path) if r["kind"].startswith("rules.")]
    assert kinds == ["rules.rejected", "rules.activated", "rules.rejected", "rules.activated"]


def test_what_agents_write_into_the_project_does_not_reload_it(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": ORDERS})
    with Dispatcher("--port", "0", cwd=tmp_path) as hub, hub.web as web:
        mark = len(hub.err)
        for number in range(20):
            web.post("/v1/events", json=placed(f"n{number}"))
        hub.until(lambda: web.get("/v1/events/n19").json()["state"] == "finished")
        assert hub.end(signal.SIGTERM) == 0
        assert [line for line in hub.err[mark:] if "live" in line] == []


def test_a_file_taken_away_and_a_new_one_put_there(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": ORDERS, "more/b.atamo": "rule extra\n  on order.placed\n  when total > 1\n"
                     "  do\n    send desk.note\n      line: id\n"})  # fmt: skip
    with Dispatcher("--port", "0", "--no-tests", cwd=tmp_path) as hub, hub.web as web:
        assert len(web.get("/v1/rules").json()["rules"]) == 2
        mark = len(hub.err)
        (tmp_path / "more/b.atamo").rename(tmp_path / "more/b.off")
        hub.said("live: 1 rule", mark)
        mark = len(hub.err)
        (tmp_path / "more/b.off").rename(tmp_path / "more/c.atamo")
        hub.said("live: 2 rules", mark)


def test_wrong_starts_say_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, {"good/a.atamo": ORDERS, "bad/a.atamo": ORDERS.replace("total > 100", "total >"), "empty/x": "",
                     "agent/a.atamo": ORDERS.replace("uses file", "uses fiel")})  # fmt: skip
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    cases = [
        (["nowhere"], 2, "`nowhere` does not exist; `atamo init` makes a project"),
        (["good/a.atamo"], 2, "`good/a.atamo` is a file; give its folder"),
        (
            ["good", "--port", port],
            2,
            f"Cannot listen on 127.0.0.1:{port}: address already in use. `--port 0`",
        ),
        (["good", "--port", "99999"], 2, "65535"),
        (["good", "--no-http"], 2, "There is no way in"),
        (["good", "--rate", "often"], 2, "--rate: `often` is not a rate: write `600 per minute`"),
        (["good", "--audit", "/dev/null/x", "--port", "0"], 2, "cannot be written"),
        (["bad", "--port", "0"], 1, "nothing is served"),
        (["empty", "--port", "0"], 2, "no rule files under `empty`"),
        (["agent", "--port", "0"], 1, "there is no agent plug-in `fiel`"),
        (["good", "--prot", "1"], 2, "--port"),
    ]
    for args, code, said in cases:
        done = atamo("run", *args, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (code, ""), (args, done.stderr)
        assert said in done.stderr, (args, done.stderr)
        assert "Traceback" not in done.stderr
    taken.close()


def test_the_end_waits_for_what_is_under_way_and_says_what_was_left(tmp_path: Path) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    uses = f'uses http\n    url: "http://127.0.0.1:{silent.getsockname()[1]}/"\n    private: true'
    write(tmp_path, {"a.atamo": ORDERS.replace('uses file\n    path: "out/desk.log"', uses)})
    with Dispatcher("--port", "0", "--drain", "0.3", cwd=tmp_path) as hub, hub.web as web:
        web.post("/v1/events", json=placed("slow"))
        assert hub.end(signal.SIGTERM) == 0
    silent.close()
    assert "1 action did not finish in 0.3 seconds; the next start goes on with what is left" in hub.err
    last = audit(tmp_path)[-1]
    assert (last["kind"], last["unfinished"]) == ("hub.stopped", 1)


def test_a_silent_standard_input_holds_up_nobody(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": ORDERS})
    with Dispatcher("--stdin", cwd=tmp_path) as hub:
        assert hub.process.stdin is not None
        hub.process.stdin.write(lines(placed("a")).encode())
        hub.process.stdin.flush()
        hub.until(lambda: (tmp_path / "out/desk.log").exists())
        assert hub.end(signal.SIGTERM) == 0


def test_what_is_given_up_is_said_and_so_is_what_a_process_before_left(tmp_path: Path) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    uses = f'uses http\n    url: "http://127.0.0.1:{port}/"\n    private: true\n    retry: {{ attempts: 2, base: 0 }}'
    write(tmp_path, {"a.atamo": ORDERS.replace('uses file\n    path: "out/desk.log"', uses)})
    done = atamo("run", "--stdin", cwd=tmp_path, stdin=lines(placed("a")))
    assert done.returncode == 0
    assert "`desk.note` of `a` was given up after 2 attempts: 127.0.0.1 cannot be reached" in done.stderr

    silent = socket.create_server(("127.0.0.1", 0))
    uses = f'uses http\n    url: "http://127.0.0.1:{silent.getsockname()[1]}/"\n    private: true'
    write(tmp_path, {"a.atamo": ORDERS.replace('uses file\n    path: "out/desk.log"', uses)})
    with Dispatcher("--port", "0", cwd=tmp_path) as hub, hub.web as web:
        web.post("/v1/events", json=placed("b"))
        hub.process.kill()
        hub.wait()
    silent.close()
    write(tmp_path, {"a.atamo": ORDERS})
    with Dispatcher("--port", "0", cwd=tmp_path) as hub, hub.web as web:
        hub.said("going on with what was left open: 1, 1 of them were running")
        hub.until(lambda: web.get("/v1/events/b").json()["state"] == "finished")
        assert hub.end(signal.SIGTERM) == 0
    assert (tmp_path / "out/desk.log").read_text() == "Order b over 120\n"


def test_a_store_is_memory_or_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": ORDERS})
    done = atamo("run", "--stdin", "--store", "memory", cwd=tmp_path, stdin=lines(placed("a")))
    assert done.returncode == 0
    assert not (tmp_path / ".atamo/hub.db").exists()
    for store, why in {
        "sqlite": "names no file: write `sqlite:PATH`",
        "sqlite:": "names no file: write `sqlite:PATH`",
        "memory:x": "`memory` has no place",
        "postgres:x": "There is no store `postgres`. There are `memory`, `nats`, `sqlite`",
        "sqlit:x": "There is no store `sqlit`; did you mean `sqlite`? There are `memory`, `nats`, `sqlite`",
    }.items():
        wrong = atamo("run", "--stdin", "--store", store, cwd=tmp_path)
        assert (wrong.returncode, why in " ".join(wrong.stderr.split())) == (2, True), wrong.stderr
    nowhere = atamo("run", "--stdin", "--store", "sqlite:/dev/null/hub.db", cwd=tmp_path)
    assert (nowhere.returncode, "The store cannot be used" in nowhere.stderr) == (2, True)
