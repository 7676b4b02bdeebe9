"""Runs the blocks of one page in a folder of its own, as a reader would who types along."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atamo_rules.cli.main import main
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.project.files import load, rule_files, schema_reader
from atamo_rules.hub.project.rulebook import run_tests
from atamo_rules.source.diagnostic import Severity
from atamo_rules.source.formats import render
from atamo_rules.source.span import Source
from tests.docs.pages import Block, Step, before, blocks, matches, project, transcript

INSIDE = {
    "verify", "simulate", "fmt", "explain", "init", "import", "types", "bench", "trace", "why", "dead", "audit",
    "replay", "--version", "--help",
}  # fmt: skip
"""Commands of `atamo` that run in this process, through the same door, because a new one costs half a second."""
SHELL = set("|<>&;$`*")


ROOT = Path(__file__).parents[2]


def begins_with(path: Path) -> Path | None:
    """The folder of which a page begins with a copy: the one it names, or the ruleset it is the README of."""
    named = project(path)
    if named:
        return ROOT / named
    return path.parent if path.parent.parent.name == "rulesets" else None


class Wrong(AssertionError):
    """A block that does not do what its page says."""


class Page:
    """One page while it runs: its folder, and the names its Python blocks have made."""

    def __init__(self, path: Path, folder: Path, *, copy: Path | None = None) -> None:
        self.path = path
        self.folder = folder
        self.projects = 0
        self.names: dict[str, Any] = {"__name__": "page"}
        if copy is not None:
            shutil.copytree(copy, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".atamo"))

    def run(self, chdir: Callable[[Path], None]) -> int:
        """Run every block that is not skipped; gives how many were run. Raises Wrong at the first that fails."""
        self.chdir = chdir
        here = self.folder
        here.mkdir(parents=True, exist_ok=True)
        chdir(here)
        for page in before(self.path):
            for block in blocks(page):
                if block.title:
                    self.one(block)
        count = 0
        for block in blocks(self.path):
            if block.fresh:
                self.projects += 1
                here = self.folder / f"fresh-{self.projects}"
                here.mkdir()
                chdir(here)
            if block.skip:
                continue
            try:
                self.one(block)
            except Wrong as wrong:
                raise Wrong(f"{self.path}:{block.line}: {wrong}") from None
            count += 1
        return count

    def one(self, block: Block) -> None:
        if block.title:
            path = Path(block.title)
            if path.is_absolute() or ".." in path.parts:
                raise Wrong(f"the title {block.title} leads out of the project")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
            if block.language == "json" and block.title.endswith(".json"):
                json.loads(block.text)
            return
        match block.language:
            case "atamo" | "yaml":
                self.compiles(block)
            case "json":
                json.loads(block.text)
            case "console":
                for step in transcript(block):
                    self.command(step)
            case "python":
                code = compile(block.text, f"{self.path}:{block.line}", "exec")
                exec(code, self.names)
            case "bash":
                done = subprocess.run(["bash", "-euc", block.text], capture_output=True, env=_environment())
                if done.returncode:
                    raise Wrong(f"bash ended with {done.returncode}: {done.stderr.decode()}")
            case "text":
                pass
            case other:
                raise Wrong(f"blocks of `{other}` are not run; say why with <!-- skip: reason -->")

    def compiles(self, block: Block) -> None:
        """A block without a title, together with the files of the project: no errors but those it names."""
        sources = [load(path)[0] for path in rule_files([Path()])]
        sources.append(Source(f"block.{block.language}", block.text))
        made = compile_sources(sources, schema_reader([Path()]))
        found = list(made.diagnostics)
        if made.ruleset is not None:
            found += run_tests(made.ruleset)[1]
        here = [
            d
            for d in found
            if d.span.source.name == f"block.{block.language}" or d.severity is Severity.ERROR
        ]
        bad = [d for d in here if d.severity is not Severity.NOTE]
        if sorted({d.code.id for d in bad}) != sorted(block.errors):
            raise Wrong(f"expected {block.errors or 'no findings'}:\n{render(bad, 'full', color=False)}")

    def command(self, step: Step) -> None:
        """One command of a transcript; Wrong unless it prints and ends as the page says."""
        words = step.command.split()
        if words[0] == "cd" and len(words) == 2:
            self.chdir(Path.cwd() / words[1])
            return
        code, got = perform(step.command)
        if code != step.code or not matches(step.expected, got):
            self.differs(step, code, got)

    def differs(self, step: Step, code: int, got: str) -> None:
        """What to do about a command that does something else than its page says."""
        raise Wrong(f"line {step.line}: `{step.command}` gave [exit {code}]\n{got}\nbut the page says [exit "
                    f"{step.code}]\n{step.expected}")  # fmt: skip


def perform(command: str) -> tuple[int, str]:
    """A command's exit code and output: of `atamo` in this process where that can be, else of a shell."""
    words = command.split()
    plain = not SHELL & set(command) and '"' not in command and "'" not in command
    if plain and words[0] == "atamo" and words[1] in INSIDE:
        return inside(words[1:])
    done = subprocess.run(
        ["bash", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=_environment(),
        timeout=60,
    )
    return done.returncode, done.stdout.decode("utf-8")


def inside(arguments: list[str]) -> tuple[int, str]:
    """The `atamo` command in this process: its exit code, and what it wrote on both streams."""
    out = io.StringIO()
    argv, sys.argv = sys.argv, ["atamo", *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv = argv
    return code, out.getvalue()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATAMO_", "GITHUB_"))}
    scripts = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": f"{scripts}:{kept.get('PATH', '')}",
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "100",
    }
