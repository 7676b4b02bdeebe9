"""What `import atamo_rules` offers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import atamo_rules
from tests.places import ORDERS, write


def test_every_public_name_is_there() -> None:
    assert sorted(atamo_rules._HOMES) == sorted(set(atamo_rules.__all__) - {"__version__"})
    for name in atamo_rules.__all__:
        assert getattr(atamo_rules, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        atamo_rules.nothing_like_it  # noqa: B018


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = {"lark", "jinja2", "yaml", "asyncio", "click", "starlette"}
    script = f"import sys, atamo_rules; print({heavy} & {{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_same_hub_runs_inside_any_program(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.atamo": ORDERS})

    async def program() -> object:
        rules = atamo_rules.FolderProvider(folder, watch=False)
        async with atamo_rules.Controller(rules, atamo_rules.MemoryStore()) as controller:
            taken, _ = await controller.hub.submit(
                b'{"type": "order.placed", "data": {"id": "7", "total": 500}}'
            )
            await controller.hub.wait(taken.id, 60)
            told = await controller.store.told(taken.id)
            assert told is not None
            return told["matched"]

    assert asyncio.run(program()) == ["big_order"]
    assert (folder / "out/desk.log").read_text() == "Order 7 over 500\n"


def test_rules_with_errors_are_refused_with_their_diagnostics(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.atamo": ORDERS.replace("total >", "totl >")})

    async def program() -> None:
        async with atamo_rules.Controller(atamo_rules.FolderProvider(folder), atamo_rules.MemoryStore()):
            raise AssertionError("never entered")

    with pytest.raises(atamo_rules.RulesetRejected) as error:
        asyncio.run(program())
    assert [d.code.id for d in error.value.diagnostics] == ["E0201"]
