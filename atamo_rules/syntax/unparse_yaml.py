"""A tree as the lines of a YAML file: declarations grouped by kind, in the author's order within each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.clause_wording import cell_text, completing_text, on_text, parameters_text, safe_text
from atamo_rules.syntax.comments import comments_of
from atamo_rules.syntax.rows import Row, Rows
from atamo_rules.syntax.unparse_yaml_rule import plain_value, rule_map, test_map, value_of
from atamo_rules.syntax.wording import field_text, quantity, type_text, words
from atamo_rules.syntax.words import name_text
from atamo_rules.syntax.yaml_layout import Entry, Leaf, Map, Seq, Yaml, mapping_rows, opened

_LONG = {"type", "fields", "list of", "about", "optional"}
"""Names of fields that would be mistaken for the words of a field's long form."""
FEW = 3
"""So many fields may stand in braces."""


def yaml_rows(file: decl.File) -> Rows:
    """All lines of a file, without comments and empty lines; what has comments has lines of its own."""
    done: list[Row] = []
    comments = [one.offset for one in comments_of(file.source)]
    for section in _sections(file.declarations):
        entries = [replace(one, value=opened(one.value, comments)) for one in section]
        first, *rest = mapping_rows(entries)
        done += [replace(first, opens="section"), *rest]
    return tuple(done)


def _sections(declarations: Sequence[decl.Declaration]) -> Iterable[list[Entry]]:
    of: dict[str, list[Entry]] = {}
    packs = [one for one in declarations if isinstance(one, decl.Pack)]
    for pack in packs:
        yield _pack(pack)
    uses = [(_use(one), one.span) for one in declarations if isinstance(one, decl.Use)]
    if uses:
        yield [Entry("use", Seq(tuple(uses), flow=False))]
    for one in declarations:
        match one:
            case decl.Param():
                of.setdefault("params", []).append(Entry(one.name.text, _param(one), one.span))
            case decl.ListDecl():
                items = tuple((plain_value(item), item.span) for item in one.items)
                of.setdefault("lists", []).append(Entry(one.name.text, Seq(items), one.span))
            case decl.Define():
                head = one.name.text + parameters_text(one.parameters)
                entry = Entry(head, Leaf(words(one.body), clause=True), one.span, quoted=True)
                of.setdefault("define", []).append(entry)
            case decl.EventDecl():
                kind = "requests" if one.request else "events"
                of.setdefault(kind, []).append(Entry(one.name.text, _event(one), one.span))
            case decl.ActionTypeDecl():
                of.setdefault("actions", []).append(Entry(one.name.text, _action_type(one), one.span))
            case decl.AgentDecl():
                of.setdefault("agents", []).append(Entry(one.name.text, _agent(one), one.span))
            case decl.Table():
                of.setdefault("tables", []).append(Entry(one.name.text, _table(one), one.span))
            case _:
                pass
    for section in ("params", "lists", "define", "events", "requests", "actions", "agents", "tables"):
        if section in of:
            yield [Entry(section, Map(tuple(of[section]), flow=0))]
    rules = tuple((rule_map(one), one.span) for one in declarations if isinstance(one, decl.Rule))
    if rules:
        yield [Entry("rules", Seq(rules, flow=False, apart=True))]
    tests = tuple((test_map(one), one.span) for one in declarations if isinstance(one, decl.Test))
    if tests:
        yield [Entry("tests", Seq(tests, flow=False, apart=True))]


def _pack(pack: decl.Pack) -> list[Entry]:
    entries = [Entry("pack", Leaf(pack.name.text), pack.span)]
    if pack.version is not None:
        entries.append(Entry("version", plain_value(pack.version), pack.version.span))
    return entries + [Entry(str(one.keys[0].key), value_of(one.value), one.span) for one in pack.metadata]


def _use(use: decl.Use) -> Yaml:
    if use.version is None:
        return Leaf(use.pack.text)
    return Map((Entry("pack", Leaf(use.pack.text)), Entry("version", plain_value(use.version))))


def _param(param: decl.Param) -> Yaml:
    if param.about is None:
        return Leaf(field_text(type_text(param.type), False, param.default, None), clause=True)
    entries = [Entry("type", Leaf(type_text(param.type), clause=True))]
    if param.default is not None:
        entries.append(Entry("default", value_of(param.default)))
    return Map((*entries, Entry("about", plain_value(param.about))))


def _about(about: tree.Literal | None, *, quoted: bool = False) -> list[Entry]:
    return [Entry("about", plain_value(about), about.span, quoted)] if about is not None else []


def _event(event: decl.EventDecl) -> Yaml:
    entries = _about(event.about)
    if event.schema is not None:
        entries.append(Entry("from", plain_value(event.schema.path), event.schema.span))
    if event.anything:
        of = "anything" + " through lists" * event.through_lists + " as text" * event.as_text
        entries.append(Entry("of", Leaf(of)))
    if event.invalid is not None:
        entries.append(Entry("when invalid", Leaf(event.invalid.text), event.invalid.span))
    if event.closed:
        entries.append(Entry("other fields", Leaf("refused")))
    if event.completing is not None:
        said = Leaf(completing_text(event.completing), clause=True)
        entries.append(Entry("complete", said, event.completing.span))
    if event.fields:
        entries.append(Entry("fields", fields_map(event.fields)))
    if event.answer is not None:
        entries.append(Entry("answer", fields_map(event.answer)))
    return Map(tuple(entries), flow=1 if event.schema is not None or event.anything else 0)


def fields_map(fields: Sequence[type_tree.Field]) -> Map:
    """Declared fields, each in its shortest form."""
    return Map(tuple(Entry(one.name.text, _field(one), one.span) for one in fields), flow=FEW)


def _field(field: type_tree.Field) -> Yaml:
    type, about = field.type, _about(field.about)
    optional = [Entry("optional", Leaf("true", raw=True))] if field.optional else []
    if isinstance(type, type_tree.ListOf) and isinstance(type.item, type_tree.RecordOf):
        return Map((*about, *optional, Entry("list of", fields_map(type.item.fields))), flow=FEW)
    if isinstance(type, type_tree.RecordOf):
        inner = fields_map(type.fields)
        if about or optional or any(one.name.text in _LONG for one in type.fields):
            return Map((*about, *optional, Entry("fields", inner)), flow=FEW)
        return inner
    text = field_text(type_text(type), field.optional, field.default, None)
    if not about:
        return Leaf(text, clause=True)
    return Map((Entry("type", Leaf(text, clause=True)), *about))


def _agent(agent: decl.AgentDecl) -> Yaml:
    entries = _about(agent.about)
    if agent.uses is not None:
        settings = _given(agent.uses.settings).entries
        plugin = agent.uses.plugin.text
        uses: Yaml = Map((Entry(plugin, Map(settings)),)) if settings else Leaf(plugin)
        entries.append(Entry("uses", uses, agent.uses.span))
    for action in agent.actions:
        inner = _about(action.about, quoted=True)
        inner += [Entry("of", Leaf("anything"))] if action.anything else []
        if action.safe is not None:
            text = safe_text(action.safe)
            said = Leaf(text, clause=True) if text else Leaf("true")
            inner.append(Entry("safe", said, action.safe.span))
        inner += fields_map(action.parameters).entries
        inner += [Entry("answer", fields_map(action.answer))] if action.answer is not None else []
        entries.append(Entry(f"{action.verb} {action.name.text}", Map(tuple(inner), flow=FEW), action.span))
    for done in agent.does:
        own = f" with {done.own.text}" if done.own is not None else ""
        entries.append(Entry(f"does {done.action.text}{own}", _given(done.message or ()), done.span))
    return Map(tuple(entries), flow=0)


def _given(arguments: Sequence[tree.Argument]) -> Map:
    return Map(
        tuple(Entry(str(one.keys[0].key), value_of(one.value), one.span) for one in arguments), flow=FEW
    )


def _action_type(action: decl.ActionTypeDecl) -> Yaml:
    entries = _about(action.about)
    entries += [Entry("of", Leaf("anything"))] if action.anything else []
    if action.safe is not None:
        text = safe_text(action.safe)
        said = Leaf(text, clause=True) if text else Leaf("true")
        entries.append(Entry("safe", said, action.safe.span))
    if action.retry is not None:
        entries.append(Entry("retry", Leaf(f"{action.retry} times")))
    entries += [Entry("parameters", fields_map(action.parameters))] if action.parameters else []
    entries += [Entry("answer", fields_map(action.answer))] if action.answer is not None else []
    entries += [Entry("example", _given(action.example))] if action.example is not None else []
    return Map(tuple(entries), flow=0)


def _table(table: decl.Table) -> Yaml:
    columns: list[tuple[Yaml, None]] = [(Leaf(words(one), clause=True), None) for one in table.inputs]
    columns += [(Leaf(f"=> {name_text(one.text)}", clause=True), None) for one in table.outputs]
    rows: list[tuple[Yaml, object]] = []
    for one in table.rows:
        cells: list[tuple[Yaml, None]] = [(Leaf(cell_text(cell), clause=True), None) for cell in one.cells]
        cells += [(_answer(value), None) for value in one.outputs]
        rows.append((Seq(tuple(cells)), one.span))
    entries = [
        Entry("on", Leaf(on_text(table.on), clause=True), table.on.span),
        Entry("pick", Leaf(table.mode)),
        Entry("columns", Seq(tuple(columns))),
        Entry("rows", Seq(tuple(rows), flow=False)),  # type: ignore[arg-type]
    ]
    return Map(tuple(entries), flow=0)


def _answer(value: tree.Expr) -> Yaml:
    """A table's answer: a length of time as it is, a text that looks like one in quotes."""
    if isinstance(value, tree.Quantity):
        return Leaf(quantity(value), clause=True)
    node = value_of(value)
    if isinstance(node, Leaf) and isinstance(value, tree.Literal) and isinstance(value.value, str):
        return replace(node, quoted=node.text[:1].isdigit())
    return node
