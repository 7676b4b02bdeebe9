"""`atamo --version` and `atamo --help`: how much longer than Python itself they take to start."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.table import Table, interleaved, ratio, spread


def run(*, small: bool) -> Table:
    """Whole processes, interleaved. The limit is three times the import of click alone."""
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        'python -c "import click"': (sys.executable, "-c", "import click"),
        "atamo --version": (sys.executable, "-m", "atamo_rules", "--version"),
        "atamo --help": (sys.executable, "-m", "atamo_rules", "--help"),
    }

    def call(command: tuple[str, ...]) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    found = interleaved(
        {name: lambda command=command: call(command) for name, command in commands.items()},
        2 if small else 30,
    )
    floor = found['python -c "import click"']
    rows = tuple((name, *spread(samples), ratio(samples, floor)) for name, samples in found.items())
    return Table(
        "version: starting the command, milliseconds",
        ("process", "min", "median", "max", "to click"),
        rows,
        (f"{len(floor)} runs of each in turn; limit 3.00 x",),
    )
