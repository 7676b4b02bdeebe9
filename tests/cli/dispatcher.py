"""A real `atamo run` process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2

from tests.cli.forked import decoded, forked

ATAMO = [sys.executable, "-m", "atamo_rules"]


def atamo(
    *args: str,
    cwd: Path | None = None,
    stdin: str | bytes = b"",
    key: str = "",
    more: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with that key and `more` of an environment."""
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    env = {**environment(), **({"ATAMO_KEY": key} if key else {}), **more}
    return decoded(forked(*args, cwd=cwd, stdin=raw, env=env))


def environment() -> dict[str, str]:
    """This environment without what changes the output."""
    aside = ("ATAMO_", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(aside)}
    return {**kept, "PYTHONUTF8": "1"}


def heed_interrupts() -> None:
    """For `preexec_fn`: what runs in the background of a shell has SIGINT ignored, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Dispatcher:
    """Starts `atamo run ARGS` and reads what it says; use as a context manager."""

    def __init__(self, *args: str, cwd: Path | None = None) -> None:
        self.process = subprocess.Popen(
            [*ATAMO, "run", *args], cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(),
        )  # fmt: skip
        self.out: list[str] = []
        self.err: list[str] = []
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.out)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.err)),
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream: Any, into: list[str]) -> None:
        for line in stream:
            into.append(line.decode("utf-8").rstrip("\n"))

    def until(self, there: Callable[[], object], seconds: float = 60) -> Any:
        """Wait until something is there, and give it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = there()
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"never came; standard error:\n{chr(10).join(self.err)}")

    def said(self, pattern: str, after: int = 0) -> str:
        """The first line of standard error that a pattern is found in."""
        line: str = self.until(
            lambda: next((line for line in self.err[after:] if re.search(pattern, line)), "")
        )
        return line

    @property
    def web(self) -> httpx2.Client:
        url = self.said("listening on").split()[-1]
        return httpx2.Client(base_url=url, trust_env=False, timeout=20)

    def end(self, number: int) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = 30) -> int:
        code = self.process.wait(seconds)
        for reader in self.readers:
            reader.join(5)
        return code

    def __enter__(self) -> Dispatcher:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
