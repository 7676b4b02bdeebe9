"""The http agent against a real server: what it sends, what it makes of answers, where it refuses to go."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.web.addresses import public, reach
from atamo_rules.builtin.agents.web.exchange import LARGEST
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import action


class Server:
    """A web server whose next answer a test sets, and which keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, b"{}")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                size = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.command, self.path, headers, self.rfile.read(size)))
                status, more, body = outer.answer
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = handle_one

            def log_message(self, *args: Any) -> None:
                return None

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def perform(settings: dict[str, Any]) -> Outcome:
    async def story() -> Outcome:
        agent = HttpAgent("desk", settings, ".")

        try:
            return await agent.perform(action(), Replies())
        finally:
            await agent.close()

    return asyncio.run(story())


def at(server: Server, path: str = "/hook?x=1", **more: Any) -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{server.port}{path}", "private": True, **more}


def test_it_posts_the_arguments_as_json_with_the_idempotency_key(server: Server) -> None:
    server.answer = (201, {"content-type": "application/json"}, b'{"ticket": 12.50}')
    outcome = perform(at(server, headers={"X-Team": "ops"}))
    assert isinstance(outcome, Done)
    assert str(outcome.answer) == "{'ticket': Decimal('12.50')}"
    method, path, headers, body = server.asked[0]
    assert (method, path, json.loads(body)) == ("POST", "/hook?x=1", {"line": "x"})
    assert headers["idempotency-key"] == "a1"
    assert headers["content-type"] == "application/json"
    assert headers["x-team"] == "ops"
    assert headers["host"] == f"127.0.0.1:{server.port}"


def test_get_has_no_body(server: Server) -> None:
    assert isinstance(perform(at(server, method="GET")), Done)
    assert server.asked[0][0] == "GET"
    assert server.asked[0][3] == b""


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (204, {}, Done({})),
        (200, {}, Done({"status": 200, "text": "hello"})),
        (302, {"location": "http://127.0.0.1:1/"}, Failed("the answer was 302", "http 302")),
        (400, {}, Failed("the answer was 400", "http 400")),
        (410, {}, Failed("the answer was 410", "http 410")),
        (429, {"retry-after": "7"}, Again("the answer was 429", 7.0, "http 429")),
        (503, {"retry-after": "soon"}, Again("the answer was 503", None, "http 503")),
        (503, {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, Again("the answer was 503", 0.0, "http 503")),
        (500, {}, Again("the answer was 500", None, "http 500")),
    ],
)
def test_answers_that_may_work_later_and_answers_that_will_not(
    server: Server, status: int, headers: dict[str, str], expected: Outcome
) -> None:
    server.answer = (status, headers, b"" if status == 204 else b"hello")
    assert perform(at(server)) == expected
    assert len(server.asked) == 1


def test_of_a_huge_answer_only_the_beginning_is_read(server: Server) -> None:
    server.answer = (200, {}, b"x" * (LARGEST * 3))
    outcome = perform(at(server))
    assert isinstance(outcome, Done)
    assert isinstance(outcome.answer, dict)
    assert len(str(outcome.answer["text"])) <= 10_000


def test_nobody_there_may_work_later() -> None:
    outcome = perform({"url": "http://127.0.0.1:1/", "private": True})
    assert isinstance(outcome, Again)
    unknown = perform({"url": "http://no-such-host.invalid/"})
    assert isinstance(unknown, Again)
    assert "resolved" in unknown.why


def test_private_addresses_are_refused_unless_allowed(server: Server) -> None:
    for host in (
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "[::1]",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "0x7f000001",
    ):
        outcome = perform({"url": f"http://{host}:{server.port}/"})
        assert isinstance(outcome, Failed | Again), host
        if isinstance(outcome, Failed):
            assert "setting `private`" in outcome.why
    assert server.asked == []


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("172.31.255.255", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::7f00:1", False),
        ("fec0::1", False),
        ("fd00:ec2::254", False),
        ("64:ff9b:1::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_which_addresses_are_public(address: str, may: bool) -> None:
    assert public(address) is may


@pytest.mark.parametrize(
    ("setting", "address", "may"),
    [
        (True, "10.0.0.1", True),
        (True, "::1", True),
        (True, "169.254.169.254", False),
        (True, "::ffff:169.254.169.254", False),
        (True, "fd00:ec2::254", False),
        (True, "fe80::1", False),
        (True, "224.0.0.1", False),
        (["10.1.0.0/16"], "10.1.2.3", True),
        (["10.1.0.0/16"], "::ffff:10.1.2.3", True),
        (["10.1.0.0/16"], "10.2.0.1", False),
        (["10.1.0.0/16"], "93.184.216.34", True),
        (False, "168.63.129.16", False),
        (True, "168.63.129.16", False),
        (["10.1.0.0/16"], "::ffff:168.63.129.16", False),
        (["168.63.129.16/32"], "168.63.129.16", True),
        (True, "192.0.0.192", False),
        (["169.254.169.254/32"], "169.254.169.254", True),
    ],
)
def test_how_far_the_setting_private_reaches(setting: Any, address: str, may: bool) -> None:
    assert reach(setting).allows(address) is may


def test_settings_that_cannot_work_are_refused_when_the_rules_are_loaded() -> None:
    for settings, said in (
        ({"url": "http:///x"}, "host"),
        ({"url": "http://user:secret@example.com/"}, "user name"),
        ({"url": "http://example.com/", "headers": {"X": "a\r\nY: b"}}, "line end"),
    ):
        with pytest.raises(ValueError, match=said) as error:
            HttpAgent("desk", settings, ".")
        assert "secret" not in str(error.value)


def test_a_slow_answer_is_cut_by_the_whole_deadline_and_not_by_each_read(server: Server) -> None:
    from atamo_rules.hub.agents.retry import RetryPolicy
    from tests.hub.stage import Heard, stage, submit

    class Dribble(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(100):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
            except OSError:
                pass

        def log_message(self, *args: Any) -> None:
            return None

    http = ThreadingHTTPServer(("127.0.0.1", 0), Dribble)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    text = """
    event thing.happened
      n: whole
    agent one
      send go
        n: whole
    rule r
      on thing.happened
      when n > 0
      do
        send one.go
          n: n
    """

    async def story() -> Heard:
        url = f"http://127.0.0.1:{http.server_address[1]}/"
        agent: Any = HttpAgent("one", {"url": url, "private": True, "timeout": 0.3}, ".")
        hub, heard = stage(text, {"one": agent})
        hub.policy = RetryPolicy(attempts=1)
        await submit(hub, "thing.happened", n=1)
        await agent.close()
        return heard

    try:
        heard = asyncio.run(story())
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
    assert heard.what("action.failed")[0]["why"] == "no answer within 0.3 seconds"
