"""The `atamo` command in processes that need not import it first: each is forked from one that has.

For tests that run a command some hundred times; a third of the time, and the same program from its first line on.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

PRELOADED = ["tests.cli.forked", "atamo_rules.cli.main", "atamo_rules.cli.run", "atamo_rules.cli.serve"]


@cache
def _forking() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def forked(*args: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with nothing on its standard input."""
    with tempfile.TemporaryDirectory() as place:
        process = _forking().Process(target=_command, args=(args, place))
        process.start()
        process.join(60)
        assert process.exitcode is not None, f"{args} does not end"
        out, err = (Path(place, name).read_text("utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess(args, process.exitcode, out, err)


def _command(args: tuple[str, ...], place: str) -> None:
    """In the new process."""
    from atamo_rules.cli.main import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(place, name), os.O_WRONLY | os.O_CREAT), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  for as long as the process is
    sys.argv = ["atamo", *args]
    main()
