"""The tables of names while they are filled, by every declaration of every file."""

from __future__ import annotations

from atamo_rules.compiler.context import Constant
from atamo_rules.model.types import ActionType, EventType
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree


def twice(kind: str, name: tree.Name, first: Span) -> Diagnostic:
    """A name that is already taken, with both places."""
    return codes.DECLARED_TWICE.at(
        name.span,
        f"the {kind} `{name.text}` is declared twice",
        also=[Label(first, "first declared here")],
        help="give one of them another name",
    )


class Declared:
    """The tables of names while they are filled; thrown away when the environment is made."""

    def __init__(self, report: list[Diagnostic]) -> None:
        self.report = report
        self.events: dict[str, EventType] = {}
        self.actions: dict[str, ActionType] = {}
        self.types: dict[str, ActionType] = {}
        self.doers: dict[str, tuple[str, ...]] = {}
        self.agents: dict[str, decl.AgentDecl] = {}
        self.params: dict[str, Constant] = {}
        self.lists: dict[str, Constant] = {}
        self.defines: dict[str, decl.Define] = {}
        self.places: dict[tuple[str, str], Span] = {}
        self.broken: set[tuple[str, str]] = set()

    def new(self, kind: str, name: tree.Name) -> bool:
        """Note a declaration; False, with both places named, when the name is taken."""
        spaces = ("define", "table") if kind in ("define", "table") else (kind,)
        for space in spaces:
            first = self.places.get((space, name.text))
            if first is not None:
                self.report.append(twice(kind, name, first))
                return False
        self.places[(kind, name.text)] = name.span
        return True
