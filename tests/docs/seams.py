"""The page of seams: every Protocol that a plug-in may fit into, as the code says it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from atamo_rules.hub import ports, store


def page() -> str:
    """Every seam, as its Protocol says it."""
    out = ["# What plug-ins fit into\n", "<!-- made by tests/docs/seams.py; edit the code instead -->\n"]
    out.append(
        "Each seam is a small Protocol, and nothing is inherited: a class that has these methods fits. `atamo new\n"
        "KIND NAME` starts a package with tests that run the suite of its kind;\n"
        "[write an agent](../how-to/write-an-agent.md) shows one from beginning to end.\n"
    )
    for module in (ports, store):
        assert module.__file__ is not None
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base).startswith("Protocol") for base in node.bases
            ):
                out += _seam(node)
    return "\n".join(out) + "\n"


def _seam(node: ast.ClassDef) -> Iterator[str]:
    yield f"## {node.name}\n"
    yield f"{_flowing(ast.get_docstring(node) or '')}\n"
    for part in node.body:
        if isinstance(part, ast.AnnAssign):
            yield f"- `{ast.unparse(part.target)}: {ast.unparse(part.annotation)}`"
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = ast.unparse(part.args).removeprefix("self, ").removeprefix("self")
            word = "await " if isinstance(part, ast.AsyncFunctionDef) else ""
            gives = f" -> {ast.unparse(part.returns)}" if part.returns is not None else ""
            about = _flowing(ast.get_docstring(part) or "")
            yield f"- `{word}{part.name}({arguments}){gives}`{': ' if about else ''}{about}"
    yield ""


def _flowing(text: str) -> str:
    return " ".join(text.split())
