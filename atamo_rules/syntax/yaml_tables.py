"""Decision tables of a YAML file."""

from __future__ import annotations

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.yaml_clauses import Clauses
from atamo_rules.syntax.yaml_nodes import Node
from atamo_rules.syntax.yaml_scalars import Scalar


def table(key: Scalar, node: Node, clauses: Clauses) -> decl.Table | None:
    """`name: {on, pick, columns, rows}`."""
    mapping = clauses.mapping(node, f"the table `{key.text}`")
    given = clauses.keys(mapping, ("on", "pick", "columns", "rows"), "a table") if mapping is not None else {}
    missing = [word for word in ("on", "pick", "columns", "rows") if word not in given]
    if missing:
        clauses.say(codes.MISSING_CLAUSE.at(key.span, f"the table `{key.text}` has no `{missing[0]}`"))
        return None
    on = clauses.parse("on", given["on"], "`on`")
    pick = clauses.text(given["pick"], "`pick`")
    inputs: list[tree.Expr] = []
    outputs: list[tree.Name] = []
    for column in clauses.items(given["columns"], "`columns`"):
        if isinstance(column, Scalar) and column.text.startswith("=>"):
            start = len(column.text) - len(column.text[2:].lstrip())
            made = clauses.clause("name", column.fragment.cut(start, len(column.text)))
            if made is not None:
                outputs.append(made)
        else:
            expr = clauses.parse("expression", column, "a column")
            if expr is not None:
                inputs.append(expr)
    rows = [_row(row, len(inputs), clauses) for row in clauses.items(given["rows"], "`rows`")]
    if on is None or pick is None or len(inputs) + len(outputs) != len(clauses.items(given["columns"], "")):
        return None
    if str(pick.value) not in decl.MODES:
        clauses.say(
            codes.NOT_A_VALUE.at(pick.span, f"`{pick.value}` is no way to pick", help=", ".join(decl.MODES))
        )
        return None
    good = tuple(row for row in rows if row is not None)
    if len(good) < len(rows):
        return None
    return decl.Table(
        clauses.name(key),
        on,
        str(pick.value),
        tuple(inputs),
        tuple(outputs),
        good,
        span=key.span.to(node.span),
    )


def _row(node: Node, width: int, clauses: Clauses) -> decl.Row | None:
    items = clauses.items(node, "a row")
    cells = [clauses.parse("cell", item, "a cell") for item in items[:width]]
    outputs = tuple(one for item in items[width:] if (one := _output(item, clauses)) is not None)
    if not items or any(cell is None for cell in cells) or len(cells) + len(outputs) != len(items):
        return None
    return decl.Row(tuple(cells), outputs, span=node.span)


def _output(node: Node, clauses: Clauses) -> tree.Expr | None:
    """A table's answer: `= expression`, a length of time, a number, a truth value, or text."""
    if isinstance(node, Scalar) and node.plain and not node.text.startswith("="):
        made, found = parse("length", node.fragment)
        if made is not None and not found:
            return made  # type: ignore[no-any-return]
    value = clauses.value(node)
    if isinstance(value, tree.Template | tree.ObjectValue):
        clauses.say(codes.YAML_SHAPE.at(node.span, "an answer of a table is a plain value or `= expression`"))
        return None
    return value
