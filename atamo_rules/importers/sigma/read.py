"""A file of Sigma rules: YAML documents to rules of ours, each told by its id."""

from __future__ import annotations

from atamo_rules.importers.imported import Imported, Item, Reading, Refused
from atamo_rules.importers.sigma.document import document, name_of
from atamo_rules.importers.sigma.rule import Home, Shared, rule
from atamo_rules.importers.sigma.sources import Text, texts
from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from atamo_rules.syntax.yaml_nodes import Node, read_documents


def read(source: Source, *, event_type: str | None = None, by_fields: bool = True) -> Reading:
    """The rules of a Sigma file, each called by its `id`, or else its title, or else the file; of JSON lines, by the
    name that stands in the line.

    Without `event_type` each log source has an event type of its own, such as `windows.process_creation`. With one,
    all rules are on it, and the fields of an event tell its log source: of Windows, `Channel` and `EventID`; what
    comes from elsewhere has no `Channel`. Without `by_fields` every rule is asked of every event of that type.

    Never raises on what stands in the file.
    """
    home = Home(event_type, by_fields)
    items: list[Item] = []
    diagnostics: list[Diagnostic] = []
    around: dict[tuple[type[Shared], str], Shared] = {}
    for text in texts(source):
        if isinstance(text, Diagnostic):
            diagnostics.append(text)
            continue
        documents, mistakes = read_documents(text.source)
        for number, node in enumerate(documents, 1):
            name = _name(node, text, number)
            try:
                made, needed = rule(document(node), name, home)
            except Malformed as malformed:
                diagnostics.append(malformed.diagnostic)
            except Unsayable as unsayable:
                items.append(Refused(name, unsayable.reason, unsayable.span))
            else:
                items.append(Imported(name, made, node.span))
                around |= {(type(one), one.name.text): one for one in needed}
        diagnostics += mistakes
    return Reading(tuple(items), tuple(diagnostics), tuple(around.values()))


def _name(node: Node, text: Text, number: int) -> str:
    """What a rule is called: as the line says that holds it, or by its id, or its title, or the file."""
    more = f"#{number}" if number > 1 else ""
    if text.name:
        return text.name + more
    file = text.source.name.replace("\\", "/").rpartition("/")[2]
    return name_of(node, (file.rpartition(".")[0] or file) + more)
