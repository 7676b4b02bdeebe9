"""Whether this machine can run the Python files of a project's `providers` folder: a check for `atamo doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from atamo_rules.hub.checks import Check
from atamo_rules.hub.project.files import PROVIDERS
from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.confinement import WALLS
from atamo_rules.sandbox.faults import CodeFailed, NoSandbox

NOTHING = "def evaluate(event):\n    return []\n"


def walls(folder: Path) -> Iterator[Check]:
    """Which walls stand around code of users; asked only where the project has some."""
    if not any((folder / PROVIDERS).glob("*.py")):
        return
    code = SandboxedCode(NOTHING, allow_weaker=True)
    try:
        standing = code.check()
    except (NoSandbox, CodeFailed) as error:
        yield Check("sandbox", "walls", "wrong", str(error), "run the hub on Linux")
        return
    finally:
        code.stop()
    for name, what in WALLS.items():
        why = standing.walls.get(name, "it was not built")
        if not why:
            yield Check("sandbox", name, "ok", what)
        elif name in standing.missing:
            help = (
                "let the kernel give it, or say `--weaker-walls` where all who write such files are trusted"
            )
            yield Check("sandbox", name, "wrong", why, help)
        else:
            yield Check("sandbox", name, "warning", f"{why}; another wall holds the same")
