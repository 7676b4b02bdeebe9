"""The process of a sandbox as its parent holds it: started from nothing of the parent's, asked where it is, ended."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import zoneinfo
from contextlib import suppress
from functools import cache
from io import FileIO
from pathlib import Path

from atamo_rules.sandbox.channel import Channel
from atamo_rules.sandbox.faults import NoSandbox
from atamo_rules.sandbox.limits import CodeLimits

FIRST = (
    "import sys; sys.path.insert(0, sys.argv[1]); from atamo_rules.sandbox.inside.main import first; first()"
)
FOLDER = str(Path(__file__).resolve().parents[2])
PATIENCE = 5.0
"""Seconds that a process is given to be gone after the line of life broke; the kernel is asked to kill it at once."""
WHERE = 1.0
"""Seconds that a process is given to say where it is; it mostly needs a thousandth."""
LAST_WORDS = 8192


@cache
def shown() -> tuple[str, ...]:
    """Folders that code of users may read: Python's library and the time zones."""
    done = subprocess.run(
        [_python(), "-I", "-S", "-c", "import json, sys; print(json.dumps(sys.path))"],
        env={}, capture_output=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    folders = [*json.loads(done.stdout), *zoneinfo.TZPATH]
    real = sorted({os.path.realpath(one) for one in folders if os.path.isdir(one)})
    # A folder below another is shown with it; where a folder has two names, both lead there.
    named = sorted({one for one in folders if os.path.isdir(one)} | set(real))
    return tuple(one for one in named if not any(one.startswith(f"{wide}/") for wide in named))


def _python() -> str:
    """The interpreter itself, not the link in an environment."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


class Child:
    """One process. Raises NoSandbox where it cannot be started. Whoever forgets it ends it: its line of life is closed
    with the rest."""

    def __init__(self, limits: CodeLimits) -> None:
        if sys.platform != "linux":
            raise NoSandbox(
                f"code of users runs behind walls that only Linux has, and this is {sys.platform}"
            )
        pipes: list[int] = []
        try:
            for _ in range(4):
                pipes += os.pipe()
            requests_in, requests, replies, replies_out, words, words_out, life_in, life = pipes
            os.set_blocking(words, False)
            os.set_blocking(words_out, False)  # what is said in vain is lost, and holds nobody up
            told = {
                "memory": limits.memory, "processor": limits.processor, "answer": limits.answer,
                "shown": shown(), "requests": requests_in, "replies": replies_out, "life": life_in,
            }  # fmt: skip
            self.process = subprocess.Popen(
                [_python(), "-I", "-S", "-B", "-X", "utf8", "-c", FIRST, FOLDER, json.dumps(told)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words_out, env={}, cwd="/",
                start_new_session=True, pass_fds=(requests_in, replies_out, life_in),
            )  # fmt: skip
        except OSError as error:
            for one in pipes:
                os.close(one)
            raise NoSandbox(f"no process can be started: {error.strerror}") from None
        for one in (requests_in, replies_out, words_out, life_in):
            os.close(one)
        self.channel = Channel(requests, replies)
        self.words, self.life = FileIO(words, "rb"), FileIO(life, "wb")

    def where(self, name: str) -> int | None:
        """The line of a file at which it is now, or was when it died; None where it does not tell in time."""
        with suppress(OSError, ValueError):
            self.life.write(b"?")
        end = time.monotonic() + WHERE
        poll = select.poll()
        poll.register(self.words, select.POLLIN)
        heard = b""
        while len(heard) < LAST_WORDS and poll.poll(max(0.0, end - time.monotonic()) * 1000):
            piece = self.words.read(LAST_WORDS)
            if piece is None:
                continue
            if not piece:
                break
            heard += piece
            if (line := line_of(heard.decode("utf-8", "replace"), name)) is not None:
                return line
        return None

    def hang_up(self) -> None:
        """End it; what is left of it is gathered by `gone`."""
        self.life.close()
        self.channel.close()

    def gone(self, seconds: float = PATIENCE) -> None:
        """Come back when nothing of it is left. Blocks for that."""
        if self.words.closed:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.words.close()

    def how(self) -> str:
        """How it ended, in words, once it is gone."""
        code = self.process.returncode
        if code > 128:
            with suppress(ValueError):
                return f"it was ended by {signal.Signals(code - 128).name}"
        return f"it ended itself with exit code {code}"


def line_of(traceback: str, name: str) -> int | None:
    """The innermost line of a file that a traceback of `faulthandler` names: it writes the newest call first."""
    found = re.search(rf'File "{re.escape(name)}", line (\d+) in ', traceback)
    return int(found[1]) if found else None
