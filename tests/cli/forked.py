"""Commands of `atamo` as processes of their own, forked from one in which everything is imported already.

Starting Python and importing Atamo takes most of the time of a short command, and none of what a test is about. A
forked command has its own memory, streams, folder and environment, ends as the interpreter ends, and gives its exit
code. What the start itself does is asked of real starts (`Dispatcher`, `test_purity`, `test_wrong_inputs`).
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ORDERS = threading.Lock()
"""Held from sending an order until its process is there: orders never run into one another."""


def forked(
    *args: str, cwd: Path | None, stdin: bytes, env: Mapping[str, str], seconds: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end. Raises TimeoutExpired."""
    order = json.dumps({"args": args, "cwd": str(cwd or Path.cwd()), "env": dict(env)}).encode() + b"\n"
    reading, status = os.pipe()
    given, giving = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with os.fdopen(reading, "rb", buffering=0) as told:
            with ORDERS:
                socket.send_fds(_ready(), [order], [given, out.fileno(), err.fileno(), status])
                os.close(given)
                os.close(status)
                pid = int(_line(told, seconds))
            threading.Thread(target=_give, args=(giving, stdin), daemon=True).start()
            try:
                code = int(_line(told, seconds))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["atamo", *args], seconds) from None
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(["atamo", *args], code, out.read(), err.read())


def decoded(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[str]:
    """The same with its output as text."""
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def _give(descriptor: int, stdin: bytes) -> None:
    """Hand over standard input; a command that reads none of it closes its end."""
    try:
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(stdin)
    except BrokenPipeError:
        pass


def _line(told: Any, seconds: float) -> bytes:
    line, ready = b"", select.poll()  # a test may have more files open than `select` can tell apart
    ready.register(told, select.POLLIN)
    while not line.endswith(b"\n"):
        if not ready.poll(seconds * 1000):
            raise TimeoutError
        piece = told.read(1)
        assert piece, "what commands are forked from has ended"
        line += piece
    return line


@cache
def _ready() -> socket.socket:
    """The socket to what commands are forked from, which ends with this process."""
    mine, its = socket.socketpair()
    environ = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.cli.forked", str(its.fileno())]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, pass_fds=(its.fileno(),), start_new_session=True
    )
    its.close()
    atexit.register(process.wait)
    atexit.register(mine.close)
    return mine


# --- in the process that commands are forked from ---------------------------------------------------------


def _imported() -> None:
    """Import whatever any command does, and build what is built once."""
    from atamo_rules.cli.main import COMMANDS
    from atamo_rules.syntax.clause import shapes

    for place, _ in COMMANDS.values():
        import_module(place.partition(":")[0])
    for name in (
        "client",
        "compiler.template",
        "compiler.template_lexer",
        "hub.project.rulebook",
        "importers.written",
    ):
        import_module(f"atamo_rules.{name}")
    shapes()
    gc.collect()
    gc.freeze()


def _serve(orders: socket.socket) -> list[str]:
    """Fork for every order. Comes back in the process of a command, with its arguments, and never in this one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, given, _, _ = socket.recv_fds(orders, 1 << 16, 4)
        while order and not order.endswith(b"\n"):
            order += orders.recv(1 << 16)
        if not order:
            os._exit(0)
        if os.fork() == 0:
            break
        for descriptor in given:
            os.close(descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    orders.close()
    *streams, status = given
    pid = os.fork()
    if pid:
        os.write(status, b"%d\n" % pid)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(status, b"%d\n" % code)
        os._exit(0)
    os.close(status)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    said = json.loads(order)
    os.chdir(said["cwd"])
    os.environ.clear()
    os.environ.update(said["env"])
    # As the interpreter would have had it at its start: packages of a test stand there.
    sys.path[:0] = [
        path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path not in sys.path
    ]
    words: list[str] = said["args"]
    return words


if __name__ == "__main__":
    _imported()
    from atamo_rules.cli.main import main

    sys.argv = ["atamo", *_serve(socket.socket(fileno=int(sys.argv[1])))]
    main()
