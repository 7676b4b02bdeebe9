"""Commands that ask a hub, where something else answers: a sentence, whatever it says, and no fault of ours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.dispatcher import atamo

BODIES = {
    "html": b"<html>",
    "list": b"[1, 2]",
    "nothing": b"",
    "null": b"null",
    "object": b'{"a": 1}',
    "moved": b"",
}


class _Other(BaseHTTPRequestHandler):
    """Answers everything with what the first part of the path says."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what = self.path.split("/")[1]
        self.send_response(307 if what == "moved" else 200)
        if what == "moved":
            self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODIES[what])))
        self.end_headers()
        self.wfile.write(BODIES[what])

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Other)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize(
    "words", [("send", "thing", "{}"), ("dead", "list"), ("top", "--once")], ids=" ".join
)
def test_what_answers_is_no_hub(other: str, what: str, words: tuple[str, ...], tmp_path: Path) -> None:
    done = atamo(*words, "--url", f"{other}/{what}", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert f"What answers at {other}/{what} is not a hub" in done.stderr
    assert "Traceback" not in done.stderr
    assert "fault of Atamo" not in done.stderr
