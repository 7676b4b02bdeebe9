"""The real `atamo` command, run in this process: what a terminal would show of it, and its exit code."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from atamo_rules.cli.main import main
from atamo_rules.hub.project.rulebook import Rulebook, run_tests
from atamo_rules.source.diagnostic import in_order
from atamo_rules.source.formats import render

_VOLATILE = (
    (re.compile(r"\b(digest|generation) [0-9a-f]{12}"), r"\1 ------------"),
    (re.compile(r"ready in \d+ ms"), "ready in - ms"),
    (re.compile(r'"(digest|id)": ?"[0-9a-f]{32,64}"'), r'"\1":"------------"'),
)
"""What changes with every change of the compiler, and says nothing about the case."""


def checked() -> str:
    """What compiling the rule files below the working directory tells their author."""
    made = Rulebook((Path(),)).compile()
    return render(made.diagnostics, "full") or "no findings\n"


@contextmanager
def _standard_input(raw: bytes, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Some bytes as descriptor 0, which the dispatcher reads, and as `sys.stdin`."""
    saved = os.dup(0)
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.seek(0)
        os.dup2(file.fileno(), 0)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))
        try:
            yield
        finally:
            os.dup2(saved, 0)
            os.close(saved)


def shell(command: str, stdin: bytes, patch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Run `atamo …` as a shell would; both streams as one text, and the exit code."""
    screen = io.StringIO()
    patch.setattr(sys, "argv", shlex.split(command))
    patch.setenv("COLUMNS", "100")
    for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "ATAMO_FORMAT", "ATAMO_COLOR"):
        patch.delenv(name, raising=False)
    inside = _standard_input(stdin, patch)
    with inside, redirect_stdout(screen), redirect_stderr(screen), pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    text = screen.getvalue()
    for pattern, instead in _VOLATILE:
        text = pattern.sub(instead, text)
    return text, left.value.code


def verified() -> str:
    """What compiling the rule files below the working directory, and running their tests, tells their author."""
    made = Rulebook((Path(),)).compile()
    found = list(made.diagnostics)
    if made.ruleset is not None:
        found += run_tests(made.ruleset)[1]
    return render(in_order(found), "full")
