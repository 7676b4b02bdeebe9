"""atamo request: asked, waited for, followed, refused."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import write

RULES = """
request price.quote
  sku: text
  answer
    price: whole
event order.placed
  sku: text

agent shop
  uses http
    url: "http://127.0.0.1:PORT/price"
    private: true
  ask price
    safe fresh 1 minute
    sku: text
    answer
      price: whole
  publish stock
    sku: text

rule shop
  on request price.quote
  when sku is not "nothing"
  do
    ask shop.price within 10 seconds as found
      sku: sku
      on timeout
        reply error "the shop is closed"
    reply
      price: found.price

rule stock
  on request price.quote
  when sku is "stock"
  do
    publish shop.stock
      sku: sku
"""


class Shop(BaseHTTPRequestHandler):
    calls = 0

    def do_POST(self) -> None:
        type(self).calls += 1
        size = int(self.headers["content-length"])
        asked = json.loads(self.rfile.read(size))
        status, body = (404, b"{}") if asked["sku"] == "gone" else (200, b'{"price": 7}')
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        text = RULES.replace("PORT", str(server.server_port))
        project: Path = write(tmp_path_factory.mktemp("shop"), {"rules/a.atamo": text})
        with Dispatcher(str(project), "--port", "0") as dispatcher:
            yield dispatcher.said("listening on").split()[-1]
            assert dispatcher.end(signal.SIGTERM) == 0
        server.shutdown()
        thread.join(10)


def request(hub: str, sku: str, *more: str, type: str = "price.quote") -> tuple[int, str, str]:
    done = atamo("request", type, json.dumps({"sku": sku}), "--url", hub, *more)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_it_is_asked_and_its_answer_fetched_later(hub: str) -> None:
    code, out, _ = request(hub, "a", "--id", "later")
    assert code == 0
    assert re.fullmatch(r"\w+ later: [01] of 1 answered.*\n", out), out
    code, out, err = request(hub, "a", "--id", "later", "--wait")
    assert (code, out) == (0, 'rule shop {"price":7}\n')
    assert err == "complete later: 1 of 1 answered\n"


def test_equal_requests_are_one_call_and_old_answers_may_do(hub: str) -> None:
    before = Shop.calls
    for _ in range(3):
        assert request(hub, "same", "--wait")[0] == 0
    assert Shop.calls == before + 1
    code, out, _ = request(hub, "same", "--wait", "--max-age", "60")
    assert (code, out) == (0, 'rule shop (hit) {"price":7}\n')


def test_several_agents_answer_and_the_first_may_do(hub: str) -> None:
    code, out, _ = request(hub, "stock", "--wait")
    assert code == 0
    assert sorted(out.splitlines()) == ['rule shop {"price":7}', 'shop.stock {"price":7}']
    code, out, err = request(hub, "stock", "--wait", "--policy", "first", "--id", "first")
    assert code == 0
    assert 1 <= len(out.splitlines()) <= 2  # the second may be there before the first has ended it
    assert err.startswith("complete first: ")


def test_who_cannot_answer_is_said_and_the_exit_code_tells(hub: str) -> None:
    code, out, err = request(hub, "gone", "--wait", "--id", "gone")
    assert (code, out) == (1, "rule shop the shop is closed\n")
    assert err == "failed gone: 0 of 1 answered: shop.price: the shop is closed\n"
    assert request(hub, "nothing", "--wait")[:2] == (0, "")


def test_it_is_followed_to_its_end(hub: str) -> None:
    code, out, err = request(hub, "stock", "--follow", "--format", "json", "--id", "feed")
    frames = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[-1]["body"] == {"state": "complete"}
    assert err == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("price.qoute", "{}"), 1, "did you mean `price.quote`?"),
        (("price.quote", "{}"), 1, '"sku"'),
        (("order.placed", '{"sku": "a"}'), 1, "hand it over with `atamo send`"),
        (("price.quote", "{broken"), 2, "the data cannot be read"),
        (("price.quote", "[1]"), 2, "is an object"),
        (("price.quote", '{"sku": "a"}', "--policy", "most"), 1, "is not a completion policy"),
        (("price.quote", '{"sku": "a"}', "--wait", "--follow"), 2, "give one of them"),
        (("price.quote", "@none.json"), 2, "does not exist"),
    ],
)
def test_wrong_inputs_are_said(hub: str, words: tuple[str, ...], code: int, said: str) -> None:
    done = atamo("request", *words, "--url", hub)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_no_hub_is_said() -> None:
    done = atamo("request", "price.quote", "{}", "--url", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert "No hub answers" in done.stderr
