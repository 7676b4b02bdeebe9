"""A sheet of rows as rules: `NAME.rules.csv`, or the same as a spreadsheet.

The first row names the columns. `rule`, `on`, `for`, `except`, `order`, `status`, `stop`, `about` and `owner` are
clauses of a rule; `=> send` or `=> emit` is what a row does, and every other `=> name` an argument of it; any other
column is an expression that each row's cell tests, and an empty cell tests nothing. A row becomes a rule of the
language's tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.clause import parse
from atamo_rules.syntax.sheet_cells import Cell, Sheet, rows
from atamo_rules.syntax.sheet_values import foreign, test_of, truth_of, value_of

PROVIDER = "table"
CLAUSES = ("rule", "on", "for", "except", "order", "status", "stop", "about", "owner")
DOES = ("send", "emit")
ARROW = "=>"


@dataclass(slots=True)
class Columns:
    """What each column of a sheet is, by its number. `lost` are those whose head could not be read."""

    clauses: dict[str, int]
    tests: dict[int, tree.Expr]
    outputs: dict[int, tree.Name]
    lost: set[int]


class Reader:
    """Reads one sheet, collecting diagnostics."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.report: list[Diagnostic] = []
        stem = sheet.name.replace("\\", "/").rpartition("/")[2]
        self.stem = stem.partition(".")[0] or "row"

    def say(self, diagnostic: Diagnostic) -> None:
        self.report.append(diagnostic)

    def clause(self, start: str, cell: Cell) -> object:
        """What a cell says as a clause, or None after reporting."""
        made, found = parse(start, cell.fragment)
        self.report.extend(found)
        return made

    def columns(self, head: list[Cell]) -> Columns | None:
        """The columns that the first row names."""
        found = Columns({}, {}, {}, set())
        for cell in head:
            word = " ".join(cell.text.split())
            lower = word.lower()
            if lower in CLAUSES:
                if lower in found.clauses:
                    self.say(_at(cell, f"the column `{lower}` stands twice", "keep one of them"))
                found.clauses.setdefault(lower, cell.column)
            elif word.startswith(ARROW):
                self._output(cell, found)
            elif word:
                column = None if foreign(cell, self.say, condition=True) else self.clause("expression", cell)
                if isinstance(column, tree.Node):
                    found.tests[cell.column] = column  # type: ignore[assignment]
                else:
                    found.lost.add(cell.column)
        if "on" not in found.clauses:
            message = "the sheet has no column `on`"
            remedy = "add a column `on`, with an event type in each row"
            self.say(codes.MISSING_CLAUSE.at(head[0].span, message, help=remedy))
            return None
        if not any(name.text in DOES for name in found.outputs.values()) and "stop" not in found.clauses:
            message = "the sheet has no column that says what is done"
            remedy = "add a column `=> send`, with an `agent.action` in each row"
            self.say(codes.MISSING_CLAUSE.at(head[-1].span, message, help=remedy))
            return None
        return found

    def _output(self, cell: Cell, found: Columns) -> None:
        start = len(cell.text) - len(cell.text[len(ARROW) :].lstrip())
        made, wrong = parse("name", cell.fragment.cut(start, len(cell.text)))
        self.report.extend(wrong)
        if not isinstance(made, tree.Name):
            found.lost.add(cell.column)
            return
        if any(name.text == made.text for name in found.outputs.values()):
            self.say(_at(cell, f"the column `=> {made.text}` stands twice", "keep one of them"))
            found.lost.add(cell.column)
            return
        found.outputs[cell.column] = made

    def row(self, cells: list[Cell], columns: Columns) -> decl.Rule | None:
        """One row as a rule, None where it cannot be one."""
        known = {*columns.clauses.values(), *columns.tests, *columns.outputs, *columns.lost}
        for cell in cells:
            if cell.text and cell.column not in known:
                self.say(_at(cell, "no head stands above this cell", "name its column in the first row"))
        by_column = {cell.column: cell for cell in cells if cell.text}
        given = {word: by_column[at] for word, at in columns.clauses.items() if at in by_column}
        before = len(self.report)
        span = cells[0].span.to(cells[-1].span)
        if "on" not in given:
            remedy = "write it there; of merged cells only the first holds anything"
            missing = "this row has no event type in its column `on`"
            self.say(codes.MISSING_CLAUSE.at(span, missing, help=remedy))
        on = self.clause("on", given["on"]) if "on" in given else None
        condition = self._condition(by_column, columns, span)
        do = self._do(by_column, columns)
        stop = truth_of(given["stop"], self.say) if "stop" in given else False
        if do is None and not stop and len(self.report) == before:
            remedy = "write an `agent.action` in its column `=> send`"
            self.say(codes.MISSING_CLAUSE.at(span, "this row does nothing", help=remedy))
        include, exclude = (self._principals(given.get(word)) for word in ("for", "except"))
        if not isinstance(on, decl.On) or any(d.severity is codes.ERROR for d in self.report[before:]):
            return None
        name = given.get("rule")
        about, status = given.get("about"), given.get("status")
        return decl.Rule(
            tree.Name(name.text if name else f"{self.stem} row {cells[0].row}", span=(name or cells[0]).span),
            on,
            tree.Literal(about.text, span=about.span) if about else None,
            self._order(given.get("order")),
            tree.Name(status.text, span=status.span) if status else None,
            metadata=_owner(given.get("owner")),
            include=include,
            exclude=exclude,
            condition=condition,
            actions=(do,) if do is not None else (),
            stop=stop,
            provider=PROVIDER,
            span=span,
        )

    def _condition(self, by_column: dict[int, Cell], columns: Columns, span: Span) -> tree.Expr | None:
        """What a row's cells test, joined by `and`; None where they test nothing."""
        parts = []
        for at, column in columns.tests.items():
            if at in by_column:
                test = test_of(by_column[at], column, self.say)
                parts += [test] if test is not None else []
        if len(parts) < 2:
            return parts[0] if parts else None
        return tree.AllOf(tuple(parts), span=span)

    def _do(self, by_column: dict[int, Cell], columns: Columns) -> decl.Do | None:
        """What a row does."""
        heads = {name.text: at for at, name in columns.outputs.items()}
        verbs = [word for word in DOES if word in heads and heads[word] in by_column]
        if len(verbs) > 1:
            where = by_column[heads[verbs[1]]]
            self.say(_at(where, "a row does one thing", "write another row for the other"))
        if not verbs:
            return None
        cell = by_column[heads[verbs[0]]]
        target = self.clause("name", cell)
        if not isinstance(target, tree.Name):
            return None
        arguments: list[tree.Argument] = []
        unread = bool(columns.lost)
        for at, name in columns.outputs.items():
            if name.text in DOES or at not in by_column:
                continue
            value = value_of(by_column[at], self.say)
            if value is None:
                unread = True
                continue
            # An argument that does not fit is told at its cell; one that is not there, at the head of its column.
            step = tree.Step(name.text, span=name.span)
            arguments.append(tree.Argument((step,), value, span=by_column[at].span))
        return decl.Do(verbs[0], target, tuple(arguments), unread=unread, span=cell.span)

    def _principals(self, cell: Cell | None) -> tuple[decl.Principal, ...]:
        made = self.clause("principals", cell) if cell is not None else None
        return made if isinstance(made, tuple) else ()

    def _order(self, cell: Cell | None) -> tree.Literal | None:
        if cell is None:
            return None
        value = value_of(cell, self.say)
        return value if isinstance(value, tree.Literal) else None


def read_sheet(source: Source) -> tuple[decl.File, tuple[Diagnostic, ...]]:
    """The rows of a sheet as rules, without those that could not be read, and every mistake in it."""
    sheet = Sheet(source.name, _lines(source.text), source.space)
    reader = Reader(sheet)
    found, wrong = rows(sheet)
    reader.report.extend(wrong)
    rules: list[decl.Declaration] = []
    columns = reader.columns(found[0]) if found else None
    if columns is not None:
        heads = {cell.column: cell.text for cell in found[0]}
        for cells in found[1:]:
            for cell in cells:
                if cell.text and cell.column in columns.tests:
                    sheet.note(heads[cell.column], cell)
            made = reader.row(cells, columns)
            rules += [made] if made is not None else []
    return decl.File(sheet, tuple(rules)), tuple(reader.report)


def _lines(text: str) -> str:
    """The text with line ends that are known everywhere: some spreadsheets end lines with CR alone."""
    return text if "\n" in text else text.replace("\r", "\n")


def _owner(cell: Cell | None) -> tuple[tree.Argument, ...]:
    """Whose rule it is, as metadata of it."""
    if cell is None:
        return ()
    text = tree.Literal(cell.text, span=cell.span)
    return (tree.Argument((tree.Step("owner", span=cell.span),), text, span=cell.span),)


def _at(cell: Cell, message: str, remedy: str) -> Diagnostic:
    return codes.BAD_SHEET.at(cell.span, f"cell {cell.place}: {message}", help=remedy)
