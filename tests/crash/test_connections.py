"""Connections that break, and more of them than there are files for: nothing is lost, nothing done twice, and nobody is
shut out for good."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import time
from pathlib import Path

import httpx2
import pytest

from tests.cli.dispatcher import Dispatcher

pytestmark = [pytest.mark.slow]
RULES = (
    'event order\n  n: whole\n\nagent desk\n  uses file\n    path: "out/desk.log"\n  send note\n    n: whole\n\n'
    "rule noted\n  on order\n  do\n    send desk.note\n      n: n\n"
)
FILES = 64
"""Open files that the hub may have."""


def _post(port: int, number: int) -> bytes:
    body = json.dumps({"type": "order", "data": {"n": number}}).encode()
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: order-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _done(folder: Path) -> list[int]:
    log = folder / "out" / "desk.log"
    return [json.loads(line)["body"]["n"] for line in log.read_text().splitlines()] if log.exists() else []


def test_a_client_that_is_cut_off_before_its_answer_sends_again_and_it_is_done_once(tmp_path: Path) -> None:
    """The request is whole, and its connection gone at every place from before the first byte of the answer on."""
    (tmp_path / "rules.atamo").write_text(RULES)
    with Dispatcher("--port", "0", cwd=tmp_path) as hub:
        url = hub.said("listening on").split()[-1]
        port = int(url.rpartition(":")[2])
        with httpx2.Client(base_url=url) as web:
            ids: dict[int, str] = {}
            for number in range(200):
                with socket.create_connection(("127.0.0.1", port)) as cut:
                    cut.sendall(_post(port, number))
                    if number % 4:
                        cut.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
                        )
                for _ in range(2):
                    answer = web.post(
                        "/v1/events", json={"type": "order", "data": {"n": number}},
                        headers={"Idempotency-Key": f"order-{number}"},
                    )  # fmt: skip
                    assert answer.status_code == 202
                    assert ids.setdefault(number, answer.json()["id"]) == answer.json()["id"]
        hub.until(lambda: len(_done(tmp_path)) >= 200)
    assert sorted(_done(tmp_path)) == list(range(200))


def test_more_connections_than_files_lose_nothing_and_are_over_when_they_are_gone(tmp_path: Path) -> None:
    (tmp_path / "rules.atamo").write_text(RULES)
    with Dispatcher("--port", "0", "--patience", "600", cwd=tmp_path) as hub:
        url = hub.said("listening on").split()[-1]
        port, pid = int(url.rpartition(":")[2]), hub.process.pid
        with httpx2.Client(base_url=url) as web:
            assert (
                web.post("/v1/events", json={"type": "order", "id": "first", "data": {"n": 0}}).status_code
                == 202
            )
        before = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (FILES, FILES))
        with contextlib.ExitStack() as many:
            for _ in range(4 * FILES):
                with contextlib.suppress(OSError):
                    many.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2))
            hub.until(lambda: len(os.listdir(f"/proc/{pid}/fd")) >= FILES - 1)
            promised = []
            for number in range(1, 20):
                with (
                    contextlib.suppress(httpx2.TransportError),
                    httpx2.Client(base_url=url, timeout=0.3) as web,
                ):
                    event = {"type": "order", "id": f"o{number}", "data": {"n": number}}
                    if web.post("/v1/events", json=event).status_code == 202:
                        promised.append(number)
            assert hub.process.poll() is None
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(httpx2.TransportError), httpx2.Client(base_url=url, timeout=2) as web:
                if web.get("/readyz").status_code == 200:
                    break
        with httpx2.Client(base_url=url) as web:
            assert (
                web.post("/v1/events", json={"type": "order", "id": "last", "data": {"n": 99}}).status_code
                == 202
            )
        hub.until(lambda: 99 in _done(tmp_path))
        hub.until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before + 5)
        assert {0, 99, *promised} <= set(_done(tmp_path))
        assert len(_done(tmp_path)) == len(set(_done(tmp_path)))
