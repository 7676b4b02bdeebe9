"""A file of Sigma rules: YAML documents to rules of ours, each told by its id."""

from __future__ import annotations

from atamo_rules.importers.imported import Imported, Item, Reading, Refused
from atamo_rules.importers.sigma.correlating import correlated
from atamo_rules.importers.sigma.correlation import Correlation
from atamo_rules.importers.sigma.library import Found, found, members
from atamo_rules.importers.sigma.rule import rule
from atamo_rules.importers.sigma.shared import Home, Shared
from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl


def read(source: Source, *, event_type: str | None = None, by_fields: bool = True) -> Reading:
    """The rules of a Sigma file, each called by its `id`, or else its title, or else the file; of JSON lines, by the
    name that stands in the line.

    Without `event_type` each log source has an event type of its own, such as `windows.process_creation`. With one,
    all rules are on it, and the fields of an event tell its log source: of Windows, `Channel` and `EventID`; what
    comes from elsewhere has no `Channel`. Without `by_fields` every rule is asked of every event of that type.

    A correlation finds its rules in the file, by `name` or `id`. They have no rules of their own, unless it says
    `generate`. Never raises on what stands in the file.
    """
    home = Home(event_type, by_fields)
    entries = tuple(found(source))
    documents = tuple(one for one in entries if isinstance(one, Found))
    diagnostics: list[Diagnostic] = []
    items: list[Item] = []
    around: dict[tuple[type[Shared], str], Shared] = {}
    imported: set[str] = set()
    for one in entries:
        if isinstance(one, Diagnostic):
            diagnostics.append(one)
            continue
        try:
            rules, needed = _rules(one, documents, home)
        except Malformed as malformed:
            diagnostics.append(malformed.diagnostic)
        except Unsayable as unsayable:
            items.append(Refused(one.name, unsayable.reason, unsayable.span))
        else:
            items += (Imported(made.name.text, made, one.span) for made in rules)
            around |= {(type(shared), shared.name.text): shared for shared in needed}
            imported.add(one.name)
    items += _lost(documents, imported)
    return Reading(tuple(items), tuple(diagnostics), tuple(around.values()))


def _rules(
    one: Found, documents: tuple[Found, ...], home: Home
) -> tuple[tuple[decl.Rule, ...], tuple[Shared, ...]]:
    """The rules that a document makes and what they need; none, where it is there for correlations only."""
    match one.said:
        case Malformed() | Unsayable() as trouble:
            raise trouble
        case Correlation() as correlation:
            about = members(correlation, documents)
            try:
                return correlated(correlation, one.name, about, home)
            except Malformed as malformed:
                at = malformed.diagnostic.span
                if at.source is one.span.source and one.span.start <= at.start <= one.span.end:
                    raise
                raise Unsayable("in one of the rules that it is about there is a mistake", one.span) from None
    made, needed = rule(one.said, one.name, home)
    return ((), ()) if _users(one, documents) else ((made,), needed)


def _users(one: Found, documents: tuple[Found, ...]) -> list[str]:
    """The correlations that a document is there for, and not for itself."""
    return [other.name for other in documents if not set(one.called).isdisjoint(other.refers)]


def _lost(documents: tuple[Found, ...], imported: set[str]) -> list[Refused]:
    """The rules that are there for correlations, none of which is imported."""
    return [
        Refused(
            one.name, f"it is only there for the correlation `{users[0]}`, which is not imported", one.span
        )
        for one in documents
        if one.name in imported and (users := _users(one, documents)) and imported.isdisjoint(users)
    ]
