"""send, trace, why, dead, audit, replay and top: on a hub that runs, and on what a stopped one kept."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.cli.ink import Ink
from atamo_rules.cli.timeline import one_line
from tests.cli.dispatcher import ATAMO, Dispatcher, atamo, environment
from tests.places import write

RULES = """
event order.placed
  total: whole
  tier: one of gold, iron = iron

event order.checked
  total: whole

agent desk
  uses file
    path: "out/desk.log"
  send note
    line: text
agent gone
  uses http
    url: "http://127.0.0.1:9/"
    private: true
    retry:
      attempts: 1
  send note
    line: text

rule big "Somebody looks at large orders"
  on order.placed
  when total > 100 and tier is gold
  do
    send desk.note
      line: "over {{ total }}"
    emit order.checked
      total: total

rule huge
  on order.placed
  when total > 1000 and tier is gold
  do
    send gone.note
      line: "huge {{ total }}"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("desk"), {"rules/a.atamo": RULES})


@pytest.fixture(scope="module")
def hub(project: Path) -> Iterator[str]:
    """A running hub with four events in it: its address."""
    with Dispatcher(str(project), "--port", "0") as dispatcher:
        url = dispatcher.said("listening on").split()[-1]
        for id, total, tier in (
            ("o1", 500, "gold"),
            ("o2", 5000, "gold"),
            ("o3", 500, "iron"),
            ("o4", 7, "iron"),
        ):
            done = send(url, "order.placed", {"total": total, "tier": tier}, "--id", id, "--wait")
            assert done[0] == (1 if id == "o2" else 0), done
        yield url
        assert dispatcher.end(signal.SIGTERM) == 0


def send(url: str, type: str, data: object, *more: str) -> tuple[int, str, str]:
    done = atamo("send", type, json.dumps(data), "--url", url, *more)
    return done.returncode, done.stdout, done.stderr


def ask(hub: str, *words: str) -> tuple[int, str]:
    done = atamo(*words, "--url", hub)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def without_times(text: str) -> str:
    """A story without when things happened and how long they took."""
    text = re.sub(r"\d+ ms|\d+\.\d s", "N ms", text)
    return re.sub(r"^ +\+N ms  ", " " * 12, text, flags=re.MULTILINE)


def test_sending_and_waiting(hub: str) -> None:
    assert send(hub, "order.placed", {"total": 1}, "--id", "s1") == (0, "accepted s1\n", "")
    assert send(hub, "order.placed", {"total": 1}, "--id", "s1") == (0, "known already s1\n", "")
    code, out, err = send(hub, "order.placed", {"total": 1}, "--id", "s2", "--wait")
    assert (code, out, err) == (0, "accepted s2\n  no rule matched\n", "")
    code, out, _ = send(hub, "order.placed", {"total": 500, "tier": "gold"}, "--id", "s3", "--wait")
    assert (code, out) == (
        0,
        "accepted s3\n  matched big\n  send desk.note done\n  emit order.checked done\n",
    )
    code, out, _ = send(hub, "order.placed", {"total": 5000, "tier": "gold"}, "--id", "s4", "--wait")
    assert code == 1
    assert "  send gone.note failed: " in out
    code, out, _ = send(hub, "order.placed", {"total": 5}, "--id", "s5", "--format", "json")
    assert json.loads(out) == {"id": "s5", "state": "accepted"}


def test_sending_and_following(hub: str) -> None:
    code, out, err = send(hub, "order.placed", {"total": 500, "tier": "gold"}, "--id", "f1", "--follow")
    assert (code, err) == (0, "")
    lines = [re.sub(r"^\d\d:\d\d:\d\d\.\d{3}  ", "", line) for line in out.splitlines()]
    assert lines[0] == "accepted f1"
    assert lines[1] == "accepted"
    assert lines[2].startswith("decided: big matched")
    assert "send desk.note  of big" in lines
    assert lines[-1] == "nothing more follows"
    code, out, _ = send(hub, "order.placed", {"total": 5}, "--id", "f2", "--follow", "--format", "json")
    assert [json.loads(line)["kind"] for line in out.splitlines()] == [
        "event.accepted", "event.decided", "event.unrouted", "event.finished",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["order.palced", "{}"], 1, "did you mean `order.placed`?"),
        (["order.placed", '{"total": "x"}'], 1, "the data breaks the event type's schema: /total:"),
        (["order.placed", "{"], 2, "the data cannot be read: not JSON"),
        (["order.placed", '{"a":1,"a":2}'], 2, "stands twice in one object"),
        (["order.placed", "[1]"], 2, "The data of an event is an object"),
        (["order.placed", "@nowhere.json"], 2, "`nowhere.json` does not exist"),
        (["order.placed", '{"total": 1}', "--time", "noon"], 1, "`time` is written as in RFC 3339"),
        (["order.placed"], 2, "Missing argument 'JSON'"),
    ],
)
def test_sending_wrong(hub: str, words: list[str], code: int, says: str) -> None:
    got, out = ask(hub, "send", *words)
    assert (got, says in out) == (code, True), out


@pytest.mark.parametrize(
    "words",
    [
        ["send", "a", "{}"], ["trace", "o1"], ["why", "o1", "--rule", "big"], ["dead", "list"],
        ["dead", "redrive", "1"], ["audit", "search"], ["replay", "rules"], ["top", "--once"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_where_no_hub_answers(project: Path, words: list[str]) -> None:
    done = atamo(*words, "--url", "http://127.0.0.1:9", cwd=project)
    assert done.returncode == 2
    assert "No hub answers at http://127.0.0.1:9. Start one with `atamo run`" in done.stderr
    done = atamo(*words, "--url", "localhost:8080", cwd=project)
    assert done.returncode == 2
    assert "`localhost:8080` is not the address of a hub" in done.stderr


def test_where_no_hub_answers_what_this_folder_keeps_is_offered(tmp_path: Path) -> None:
    """After `atamo run --stdin` the hub is gone, and the event to ask about stands in this folder."""
    project = write(tmp_path / "desk", {"rules/a.atamo": RULES})
    event = '{"type": "order.placed", "id": "o1", "data": {"total": 7}}\n'
    atamo("run", "--quiet", "--stdin", cwd=project, stdin=event)
    for words in (["trace", "o1"], ["why", "o1", "--rule", "big"]):
        done = atamo(*words, "--url", "http://127.0.0.1:9", cwd=project)
        assert done.returncode == 2
        assert "`--folder .` asks what the hub of this folder kept." in done.stderr
        assert atamo(*words, "--folder", ".", cwd=project).stdout
        assert "--folder" not in atamo(*words, "--url", "http://127.0.0.1:9", cwd=tmp_path).stderr
    assert "--folder" not in atamo("get", "rules", "--url", "http://127.0.0.1:9", cwd=project).stderr


def test_a_story(hub: str, project: Path) -> None:
    code, out = ask(hub, "trace", "o1")
    assert code == 0
    story = re.sub(r"(see also atamo trace )\S+", r"\1KEY", without_times(out))
    story = re.sub(r"rules [0-9a-f]{12}", "rules DIGEST", story.replace(f"{project}/", ""))
    story = re.sub(r"nobody in particular, \S+", "nobody in particular, TIME", story)
    assert (
        story
        == """order.placed o1   finished in N ms
sent by nobody in particular, TIME

            accepted
            2 rules considered, 1 matched  rules DIGEST
              + big  rules/a.atamo:22:6
                  yes total > 100  (was 500)
                  yes tier is gold  (was "gold")
              ~ huge nearly 1 of 2 held  rules/a.atamo:31:6
                  no  total > 1000  (was 500)
            send desk.note  of big
            emit order.checked  of big
            desk.note done in N ms  of big
            nothing more follows

            see also atamo trace KEY
"""
    )


def test_the_story_of_a_request_says_how_it_stands() -> None:
    def line(kind: str, **what: Any) -> str:
        told = one_line({"kind": kind, "what": what, "at": "2026-11-26T00:00:00Z"}, Ink(False))
        return told.partition("  ")[2]

    assert (
        line("request.opened", type="q", mode="load", expected=["shop.all"])
        == "waits for answers of shop.all"
    )
    assert line("request.opened", expected=[]) == "waits for answers"
    assert line("request.completed", answered=2, of=2) == "the request is complete, 2 of 2 answered"
    why = "shop.bad: it ended without an answer"
    assert line("request.failed", answered=0, of=1, why=why) == f"the request failed, 0 of 1 answered: {why}"


def test_a_story_with_a_failure_and_as_json(hub: str) -> None:
    code, out = ask(hub, "trace", "o2")
    assert code == 0
    assert re.search(r"gone.note attempt 1 failed for good: ", out)
    code, out = ask(hub, "trace", "o2", "--format", "json")
    assert json.loads(out)["event"]["id"] == "o2"
    code, out = ask(hub, "trace", "o4", "--all")
    assert "- big 0 of 2 held" in out
    assert ask(hub, "trace", "nobody")[0] == 1


def test_why(hub: str) -> None:
    code, out = ask(hub, "why", "o3", "--rule", "big")
    assert code == 1
    assert 'no  all of\n  ├─ yes total > 100  (was 500)\n  └─ no  tier is gold  (was "iron") *' in out
    assert (
        'the fewest that would have to change:\n    tier is gold would have to be true  (was "iron")' in out
    )
    assert ask(hub, "why", "o1", "--rule", "big")[0] == 0
    code, out = ask(hub, "why", "o1", "--rule", "bgi")
    assert (code, "did you mean `big`?" in out) == (1, True)
    assert ask(hub, "why", "o1")[0] == 2


def test_dead_letters(hub: str) -> None:
    code, out = ask(hub, "dead", "list", "--format", "json")
    letters = json.loads(out)["letters"]
    first = str(letters[0]["number"])
    code, out = ask(hub, "dead", "list")
    assert f"{first:>5}  gone.note  o2 huge  1 attempt: " in out
    assert ask(hub, "dead", "list", "--agent", "desk") == (
        0,
        out.splitlines()[0] + "\nno dead letters that fit\n",
    )
    code, out = ask(hub, "dead", "show", first)
    assert (code, 'body    {"line":"huge 5000"}' in out) == (0, True)
    assert ask(hub, "dead", "show", "99999")[0] == 1
    assert "Which? Give numbers" in ask(hub, "dead", "redrive")[1]
    assert "go each alone" in ask(hub, "dead", "redrive", first, "--all")[1]
    assert "--body is given to one" in ask(hub, "dead", "redrive", "--all", "--body", "{}")[1]
    code, out = ask(hub, "dead", "redrive", "--agent", "gone", "--dry-run")
    assert (code, "would be done again" in out) == (0, True)
    assert ask(hub, "dead", "redrive", first) == (0, "1 dead letter will be done again\n")
    code, out = ask(hub, "dead", "redrive", "99999")
    assert (code, "there is no dead letter 99999" in out) == (1, True)
    assert ask(hub, "dead", "discard", "--agent", "nobody") == (1, "0 dead letters discarded\n")


def test_searching_and_watching(hub: str) -> None:
    code, out = ask(hub, "audit", "search", "--kind", "action.failed", "--format", "jsonl")
    assert code == 0
    assert {json.loads(line)["what"]["target"] for line in out.splitlines()} == {"gone.note"}
    code, out = ask(hub, "audit", "search", "--event", "o4")
    assert (code, len(out.splitlines())) == (0, 4)
    assert "did you mean `action.failed`?" in ask(hub, "audit", "search", "--kind", "action.faild")[1]
    assert "is no moment" in ask(hub, "audit", "search", "--since", "yesterday")[1]
    code, out = ask(hub, "top", "--once")
    assert code == 0
    assert re.search(r"desk +\d+ +\d+", out)
    code, out = ask(hub, "top", "--count", "2", "--every", "0.2", "--format", "json")
    assert [json.loads(line)["accepting"] for line in out.splitlines()] == [True, True]


def test_a_terminal_of_eighty_columns_shows_each_picture_in_the_place_of_the_last(hub: str) -> None:
    ours, theirs = pty.openpty()
    shown = subprocess.Popen(
        [*ATAMO, "top", "--count", "2", "--every", "0.2", "--url", hub], stdout=theirs, env=environment()
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # a terminal whose other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert shown.wait(60) == 0
    before, *pictures = seen.decode().split("\x1b[H\x1b[2J")
    assert (before, len(pictures)) == ("", 2)
    figures, _, _ = re.sub(r"\x1b\[[0-9;]*m|\r", "", pictures[-1]).partition("\n\n")
    assert "waiting " in figures
    for line in figures.splitlines():
        assert len(line) <= 80
        assert line == line.rstrip()


def test_replaying(hub: str, project: Path, tmp_path: Path) -> None:
    code, out = ask(hub, "replay", str(project / "rules"))
    assert (code, "all decided the same" in out) == (0, True), out
    write(
        tmp_path, {"rules/a.atamo": RULES.replace("total > 1000", "total > 400").replace("huge {", "HUGE {")}
    )
    code, out = ask(hub, "replay", str(tmp_path / "rules"), "--type", "order.placed")
    assert code == 1
    assert re.search(r"rule huge: \+\d+\n", out)
    assert re.search(r"action gone.note: \+\d+ -\d+\n", out)
    assert 'order.placed o1\n  + rule huge\n  + send gone.note {"line":"HUGE 500"}\n' in out
    assert '- send gone.note {"line":"huge 5000"}' in out
    code, out = ask(hub, "replay", str(tmp_path / "rules"), "--format", "json")
    told = json.loads(out)
    assert told["same"] + told["differ"] == told["events"]
    assert told["rules"]["more"]["huge"] >= 1
    code, out = ask(hub, "replay", str(project / "rules"), "--since", "2099-01-01")
    assert (code, out) == (0, "there are no events to replay\n")
    write(tmp_path, {"none/a.atamo": "rule x\n"})
    assert ask(hub, "replay", str(tmp_path / "none"))[0] == 1
    assert "does not exist" in ask(hub, "replay", str(tmp_path / "nowhere"))[1]


# --- a stopped hub ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose hub took three events, put its checkpoints down elsewhere, and ended."""
    tmp_path = tmp_path_factory.mktemp("ended")
    write(tmp_path, {"desk/rules/a.atamo": RULES.replace("total > 1000", "total > 100000")})
    events = "".join(
        json.dumps({"type": "order.placed", "id": f"o{n}", "data": {"total": 100 * n, "tier": "gold"}}) + "\n"
        for n in range(1, 4)
    )
    atamo("audit", "keygen", "acme/desk", "-o", "signing.key", cwd=tmp_path)
    more = ["--checkpoints", "elsewhere/checkpoints", "--sign", "signing.key"]
    done = atamo("run", "desk", "--stdin", "--quiet", *more, cwd=tmp_path, stdin=events)
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture
def stopped(ended: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as one likes."""
    return Path(shutil.copytree(ended, tmp_path / "copy"))


def test_what_a_stopped_hub_kept_is_told_the_same_way(stopped: Path) -> None:
    for words, says in (
        (["trace", "o2"], "+ big"),
        (["dead", "list"], "no dead letters"),
        (["audit", "search", "--kind", "hub.stopped"], "hub.stopped"),
        (["replay", "desk/rules"], "all decided the same"),
    ):
        done = atamo(*words, "--folder", "desk", cwd=stopped)
        assert (done.returncode, done.stderr) == (0, "")
        assert says in done.stdout
    done = atamo("why", "o2", "--rule", "huge", "--folder", "desk", cwd=stopped)
    assert (done.returncode, "total > 100000  (was 200)" in done.stdout) == (1, True)
    for folder, says in (("nowhere", "`nowhere` does not exist"), ("elsewhere", "No hub has kept anything")):
        done = atamo("trace", "o2", "--folder", folder, cwd=stopped)
        assert (done.returncode, says in done.stderr) == (2, True)


def test_rules_that_changed_since_are_said_to_have(stopped: Path) -> None:
    rules = stopped / "desk/rules/a.atamo"
    rules.write_text(rules.read_text().replace("total > 100 ", "total > 150 "))
    done = atamo("trace", "o2", "--folder", "desk", cwd=stopped)
    assert "yes total > 100  (was 200)" in done.stdout, "under the rules of then, which are kept"
    done = atamo("why", "o2", "--rule", "big", "--folder", "desk", cwd=stopped)
    assert (done.returncode, "this is the rule of then" in done.stdout) == (0, True)
    assert "total > 100  (was 200)" in done.stdout
    done = atamo("why", "o2", "--rule", "big", "--now", "--folder", "desk", cwd=stopped)
    assert (done.returncode, "this is the rule of now" in done.stdout) == (0, True)
    assert "total > 150  (was 200)" in done.stdout
    with closing(sqlite3.connect(stopped / "desk/.atamo/hub.db")) as connection, connection:
        connection.execute("delete from state where bucket = 'rules'")
    done = atamo("trace", "o2", "--folder", "desk", cwd=stopped)
    assert "the rules have changed since" in done.stdout
    assert "yes total > 100  (was number)" in done.stdout, "what the audit kept: kinds, and no values"
    done = atamo("why", "o2", "--rule", "big", "--folder", "desk", cwd=stopped)
    assert (done.returncode, "this is the rule of now" in done.stdout) == (0, True)
    rules.write_text("rule broken\n")
    assert atamo("trace", "o2", "--folder", "desk", cwd=stopped).returncode == 0


def test_an_audit_that_is_as_it_was_written(stopped: Path) -> None:
    for log in ("desk", "desk/.atamo/hub.db", "desk/.atamo/audit.jsonl"):
        done = atamo("audit", "verify", log, "--against", "elsewhere/checkpoints", cwd=stopped)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert "as written: " in done.stdout
    done = atamo("audit", "verify", "desk", cwd=stopped)
    assert (done.returncode, "numbered without a hole" in done.stdout) == (0, True)
    assert "nothing from elsewhere vouches" in done.stderr
    done = atamo(
        "audit", "verify", "desk", "--against", "elsewhere/checkpoints", "--format", "json", cwd=stopped
    )
    told = json.loads(done.stdout)
    assert (told["intact"], told["checkpoints"], told["records"] - told["vouched"]) == (True, 1, 1)


def test_a_record_that_was_changed_is_named(stopped: Path) -> None:
    with closing(sqlite3.connect(stopped / "desk/.atamo/hub.db")) as connection, connection:
        connection.execute("update audit set who = 'mallory' where kind = 'event.decided' and event = 'o2'")
        (position,) = connection.execute("select position from audit where who = 'mallory'").fetchone()
    done = atamo("audit", "verify", "desk", "--against", "elsewhere/checkpoints", cwd=stopped)
    assert done.returncode == 1
    assert f"tampered: record {position} was changed: now event.decided of o2\n" in done.stdout
    done = atamo("audit", "prove", "3", "desk", "--against", "elsewhere/checkpoints", cwd=stopped)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the log is not what was written" in done.stderr


def test_checkpoints_that_are_signed_and_proofs_that_travel(stopped: Path) -> None:
    key = atamo("audit", "keygen", "acme/other", "-o", "other.key", cwd=stopped).stdout.strip()
    secret = (stopped / "signing.key").read_text()
    assert secret.startswith("PRIVATE+KEY+acme/desk+")
    assert (stopped / "signing.key").stat().st_mode & 0o777 == 0o600
    done = atamo("audit", "keygen", "acme/desk", "-o", "signing.key", cwd=stopped)
    assert (done.returncode, "is there already" in done.stderr) == (2, True)
    from atamo_rules.hub.audit.signing import read_signing

    (stopped / "public.key").write_text(read_signing(secret).verifier.text + "\n")
    against = ["--against", "elsewhere/checkpoints"]
    done = atamo("audit", "verify", "desk", *against, "--key", "public.key", cwd=stopped)
    assert (done.returncode, "signed by acme/desk" in done.stdout) == (0, True)
    done = atamo("audit", "verify", "desk", *against, "--key", key, cwd=stopped)
    assert (done.returncode, "is not signed by acme/other" in done.stderr) == (2, True)
    done = atamo("audit", "verify", "desk", *against, "--key", "nonsense", cwd=stopped)
    assert (done.returncode, "a verifier key is NAME" in done.stderr) == (2, True)
    done = atamo("audit", "prove", "3", "desk", *against, cwd=stopped)
    assert done.returncode == 0
    (stopped / "three.tlog-proof").write_text(done.stdout)
    for more in (against, ["--key", "public.key"], ["--key", "public.key", *against]):
        done = atamo("audit", "verify", "--proof", "three.tlog-proof", *more, cwd=stopped)
        assert (
            done.returncode,
            done.stdout.startswith("record 3 (event.decided of o1) is in the log of"),
        ) == (0, True)
    done = atamo("audit", "verify", "--proof", "three.tlog-proof", cwd=stopped)
    assert (done.returncode, "leads to a checkpoint that is neither" in done.stdout) == (1, True)
    done = atamo("audit", "prove", "9999", "desk", *against, cwd=stopped)
    assert (done.returncode, "vouches for" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["audit", "verify", "desk", "--against", "nowhere"], "`nowhere` does not exist"),
        (["audit", "verify", "desk", "--against", "desk/rules/a.atamo"], "holds no checkpoints: line"),
        (["audit", "verify", "nowhere"], "`nowhere` does not exist"),
        (["audit", "verify", "elsewhere"], "No hub has kept anything"),
        (["audit", "verify", "desk", "--key", "x"], "a verifier key is NAME+ID+KEY"),
        (["audit", "verify", "--proof", "desk/rules/a.atamo"], "holds no proof: line 1"),
        (["audit", "keygen", "a b", "-o", "k"], "cannot name a key"),
        (["run", "desk", "--stdin", "--sign", "nowhere"], "The key `nowhere` does not exist"),
        (
            ["run", "desk", "--stdin", "--sign", "desk/rules/a.atamo"],
            "cannot be used: a signing key begins with",
        ),
        (
            ["run", "desk", "--stdin", "--checkpoints", "desk/rules/a.atamo"],
            "holds something else than checkpoints",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[1:3]),
)
def test_what_operators_of_the_audit_get_wrong(stopped: Path, words: list[str], says: str) -> None:
    done = atamo(*words, cwd=stopped)
    assert (done.returncode, says in done.stderr) == (2, True), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_hub_says_that_its_audit_is_not_what_a_witness_saw(stopped: Path) -> None:
    with closing(sqlite3.connect(stopped / "desk/.atamo/hub.db")) as connection, connection:
        connection.execute("delete from audit where position > 10")
    done = atamo("run", "desk", "--stdin", "--checkpoints", "elsewhere/checkpoints", cwd=stopped)
    assert "the audit is not what it was: the log has" in done.stderr
    assert "`atamo audit verify` names the records" in done.stderr
