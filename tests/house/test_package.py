"""What is shipped is what is on disk: packages, version, docstrings, the length of files."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import atamo_rules
from tests.house.repository import PACKAGE, ROOT

LONGEST = 400
MODULES = sorted(PACKAGE.rglob("*.py"))
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# PEP 440, appendix B, without local versions: https://peps.python.org/pep-0440/
VERSION = re.compile(r"([1-9]\d*!)?(0|[1-9]\d*)(\.(0|[1-9]\d*))*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")


def test_declared_packages_are_the_ones_on_disk() -> None:
    setuptools = DECLARED["tool"]["setuptools"]
    elsewhere = setuptools["package-dir"]
    here = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert set(setuptools["packages"]) == here | set(elsewhere)
    for folder in elsewhere.values():
        assert (ROOT / folder / "__init__.py").is_file()


def test_the_version_is_one_and_the_changelog_knows_it() -> None:
    assert VERSION.fullmatch(atamo_rules.__version__)
    changelog = ROOT / "CHANGELOG.md"
    if changelog.exists():
        assert atamo_rules.__version__ in changelog.read_text("utf-8")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_and_stays_short(path: Path) -> None:
    text = path.read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "a module opens with one sentence a stranger understands"
    assert docstring.split("\n\n")[0].rstrip().endswith((".", "!", "?", ":", "`"))
    assert text.count("\n") <= LONGEST


@pytest.mark.parametrize("group", sorted(DECLARED["project"].get("entry-points", {})))
def test_entry_points_lead_somewhere(group: str) -> None:
    from importlib import import_module

    for target in DECLARED["project"]["entry-points"][group].values():
        module, _, name = target.partition(":")
        assert hasattr(import_module(module), name)
