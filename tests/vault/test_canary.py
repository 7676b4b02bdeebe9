"""Canaries: tokens that are searched for, in every form, wherever a running hub leaves anything."""

from __future__ import annotations

import base64
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote

import pytest

from tests.cli.dispatcher import ATAMO, Dispatcher, environment
from tests.places import write

CANARIES = 20
RULES = """
event tick
  n: whole
  mode: one of answer, fail, raise, retry

request look
  n: whole
  answer
    said: text

agent crm
  uses "./agents/crm.py:Crm"
    url: "URL"
    retry: { attempts: 2, base: 0 }
    breaker: { failures: 0 }
  send call
    n: whole
    mode: text
  ask look
    n: whole
    answer
      said: text

rule call
  on tick
  do
    send crm.call
      n: n
      mode: mode

rule look
  on request look
  do
    ask crm.look within 20 seconds as found
      n: n
    reply
      said: found.said
"""
AGENT = '''
from urllib.parse import urlsplit

import httpx2

from atamo_rules.model.outcome import Again, Done, Failed


class Crm:
    """Calls an address, and tells too much of what came back."""

    settings_schema = {"type": "object", "properties": {"url": {"type": "string"}}}
    timeout = 10.0
    concurrency = 4

    def __init__(self, name, settings, folder):
        self.url = settings["url"]

    async def perform(self, action, reply):
        secret = await reply.credential(urlsplit(self.url).hostname)
        headers = {"Authorization": f"Bearer {secret.reveal()}"}
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(self.url, headers=headers)
        await reply.progress({"seen": answer.text})
        mode = action.body.get("mode", "answer")
        if mode == "fail":
            return Failed(f"not taken: {answer.text}", answer.text[:80])
        if mode == "raise":
            raise RuntimeError(answer.text)
        if mode == "retry":
            return Again(answer.text, 0.01, "later")
        return Done({"said": answer.text})

    async def close(self):
        pass
'''


@pytest.fixture
def echo() -> Iterator[tuple[str, list[str]]]:
    """A server that says back the credential it was sent, in every form; and what it was sent."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers["authorization"].removeprefix("Bearer ")
            seen.append(token)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(" ".join(written(token)).encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", seen
    server.shutdown()
    server.server_close()
    thread.join()


def written(token: str) -> list[str]:
    """A token as it may be written, with what stands beside it."""
    raw = token.encode()
    coded = [base64.b64encode(b"x" * shift + raw + b"yy").decode() for shift in range(4)]
    return [token, raw.hex(), raw.hex().upper(), quote(token, safe=""), *coded]


def forms(token: str) -> list[str]:
    """What is searched for: of each form parts that no neighbour changes, short enough to find what was cut off."""
    return [
        form[start : start + 12] for form in written(token) for start in (6, len(form) // 2, len(form) - 20)
    ]


def ask(*words: str, stdin: str = "") -> str:
    """What a command says to both, once it worked."""
    done = subprocess.run(
        [*ATAMO, *words], input=stdin, capture_output=True, text=True, timeout=60, env=environment()
    )
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_no_token_is_anywhere_but_where_it_was_sent(tmp_path: Path, echo: tuple[str, list[str]]) -> None:
    url, seen = echo
    canaries = {f"u{number}": f"{token_urlsafe(47)}" for number in range(CANARIES)}
    folder = write(tmp_path / "desk", {"rules/a.atamo": RULES.replace("URL", url), "agents/crm.py": AGENT})
    key = tmp_path / "vault.key"
    said = [ask("secret", "keygen", str(key))]
    assert key.stat().st_mode & 0o077 == 0
    with (
        Dispatcher(str(folder), "--port", "0", "--vault", f"file:{key}", "--code", "./agents") as hub,
        hub.web as web,
    ):
        at = ("--url", str(web.base_url))
        for number, (name, token) in enumerate(canaries.items()):
            if number == 0:
                words = ("crm", "--who", f"user {name}", "--host", "127.0.0.1", "--consent", "project")
                said.append(ask("secret", "set", *words, *at, stdin=f"{token}\n"))
                assert "note:" not in said[-1], "the hub has an agent `crm`"
                doubted = ask("secret", "consent", "crn", *words[1:3], "--to", "project", *at)
                assert "note: there is no agent `crn`\n  did you mean `crm`?" in doubted
                doubted = ask("secret", "consent", "crm", *words[1:3], "--to", "group suport", *at)
                assert "note: there is no group `suport`\n" in doubted
                continue
            order = {"agent": "crm", "who": f"user {name}", "hosts": ["127.0.0.1"], "consent": ["project"]}
            made = web.post("/v1/secrets", json={**order, "value": token})
            assert made.status_code == 201
            said.append(made.text)
        ids = []
        for number, name in enumerate(canaries):
            mode = ("answer", "fail", "raise", "retry")[number % 4]
            event = {"type": "tick", "id": f"e{number}", "user": name, "data": {"n": number, "mode": mode}}
            assert web.post("/v1/events", json=event).status_code == 202
            ids.append(f"e{number}")
        look = {"type": "look", "id": "r1", "user": "u0", "data": {"n": 1}}
        asked = web.post("/v1/requests", json=look, headers={"prefer": "wait=20"})
        assert "[secret]" in asked.text
        hub.until(lambda: len(web.get("/v1/dead").json()["letters"]) == CANARIES * 3 // 4, 60)
        ask("secret", "keygen", str(key), "--add")
        said += [
            ask("secret", *words, *at) for words in (("rotate",), ("list",), ("list", "--format", "json"))
        ]
        assert set(seen) == set(canaries.values()), "each was sent where it belongs"
        paths = ["/v1/secrets", "/v1/consents", "/v1/audit?limit=1000", "/v1/dead?limit=1000", "/v1/status", "/metrics",
                 "/v1/decided", "/v1/rules", "/v1/types", "/v1/keys", "/v1/holds", "/v1/requests/r1"]  # fmt: skip
        for id in [*ids, "r1"]:
            paths += [f"/v1/events/{id}{more}" for more in ("", "/trace", "/telemetry", "/why?rule=call")]
        paths += [
            f"/v1/dead/{letter['number']}" for letter in web.get("/v1/dead?limit=1000").json()["letters"]
        ]
        said += [asked.text, *(web.get(path).text for path in paths)]
        process = Path(f"/proc/{hub.process.pid}")
        for name in ("environ", "cmdline"):
            if (process / name).exists():
                said.append((process / name).read_bytes().decode("utf-8", "replace"))
        live = everything(folder)
        assert hub.end(signal.SIGTERM) == 0
    places = {f"said {number}": text.encode() for number, text in enumerate([*said, *hub.out, *hub.err])}
    places |= live | everything(folder)
    assert any(name.endswith("hub.db") for name in places)
    assert any(name.endswith("hub.db-wal") for name in live)
    assert b"[secret]" in b"".join(places.values())
    found = [
        (name, place) for name, token in canaries.items() for form in forms(token)
        for place, content in places.items() if form.encode() in content
    ]  # fmt: skip
    assert found == []


def test_the_search_would_find_one(tmp_path: Path) -> None:
    """What is searched for stands in each form, wherever it begins."""
    token = token_urlsafe(47)
    for before in ("", "a", "ab", "abc", "user:"):
        text = base64.b64encode(f"{before}{token}zz".encode()).decode()
        assert any(form in text for form in forms(token))
        assert any(form in text[:40] for form in forms(token)), "one that was cut off too"


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder: the store and its log, the audit, checkpoints."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
