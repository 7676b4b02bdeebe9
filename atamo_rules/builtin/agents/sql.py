"""An agent that runs SQL: statements and stored procedures that its settings name, with the arguments bound.

uses sql
  database: "postgresql+psycopg://db.example/shop"
  actions:
    find: { statement: "select id, total from orders where customer = :customer", reads: true }
    book: { statement: "insert into bookings (id, amount) values (:action_id, :amount)" }
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

from atamo_rules.builtin.agents.database import statements, values
from atamo_rules.builtin.agents.database.errors import meaning
from atamo_rules.builtin.agents.database.probe import PROBES, wants_a_name
from atamo_rules.builtin.agents.database.statements import Statement, Unbound
from atamo_rules.builtin.agents.extras import need
from atamo_rules.builtin.agents.masking import Mask
from atamo_rules.builtin.agents.web.credentials import AUTH, given, needed
from atamo_rules.builtin.agents.web.exchange import Broken
from atamo_rules.hub.agents.reading import Reads
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.model.types import Json

MISSING = "SQLAlchemy or the driver cannot be imported: `pip install 'atamo-rules[sql]'`"
"""They were there when the agent was made, and are broken or gone."""
GRACE = 2.0
"""Seconds that a statement which is told to stop is given to be undone; after them the hub gives the attempt up."""
_DIALECTS = {"sqlite", "postgresql"}


class SqlAgent:
    """Settings: `database`, an address as SQLAlchemy writes it, without a password: name and password are the user's
    credential, `name:password`; `auth` as for `http`, without `webhook`; `actions`; `timeout` in seconds for one
    statement (10); `connections` (4)."""

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "database": {"type": "string", "minLength": 1},
            "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": 3600},
            "connections": {"type": "integer", "minimum": 1, "maximum": 64},
            "auth": AUTH,
            "actions": statements.SETTING,
        },
        "required": ["database", "actions"],
        "additionalProperties": False,
    }

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.url, self.dialect, self.host = _address(str(settings["database"]), folder)
        self.statements = {
            action: statements.statement(one, action, self.dialect)
            for action, one in settings["actions"].items()
        }
        self.takes = {action: Reads(one.needs()) for action, one in self.statements.items()}
        # A file of the project is nobody's: nothing is asked for it.
        self.need = needed(settings) if self.dialect == "postgresql" else None
        self.seconds = float(settings.get("timeout", 10))
        self.timeout = self.seconds + GRACE
        self.concurrency = self.most_at_once = int(settings.get("connections", 4))
        self.more_at_once = "`connections` says how many there are"
        self._threads: ThreadPoolExecutor | None = None
        self._engines: dict[str, Any] = {}
        need("sqlalchemy", "atamo-rules[sql]")
        if self.dialect == "postgresql":
            driver = self.url.partition("://")[0].partition("+")[2]
            need(driver, "psycopg[binary]" if driver == "psycopg" else driver)

    async def health(self) -> str:
        """Whether the database could be asked. A file that is not there is not made; a server that wants to know who
        asks is there, as the name and the password are the users'."""
        file = Path(self.url.removeprefix("sqlite:///"))
        if self.dialect == "sqlite" and not file.is_file():
            return f"`{file}` is {'no file' if file.exists() else 'not there'}"
        probe = PROBES[self.dialect]
        try:
            run = Run(self._engine(None), probe, probe.text, {}, self.seconds)
        except ImportError:
            return MISSING
        outcome = await self._run(run)
        if isinstance(outcome, Done) or wants_a_name(outcome.why):
            return ""
        return f"no answer within {self.seconds:g} seconds" if outcome.error == "timeout" else outcome.why

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        statement = self.statements.get(action.action)
        if statement is None:
            known = ", ".join(sorted(self.statements))
            return Failed(f"`{self.name}` has no action `{action.action}`; it has {known}")
        body = action.body if isinstance(action.body, dict) else {"value": action.body}
        try:
            bound = {
                # An empty list is one of nothing known: no row is `in` it, and none is `not in` it.
                name: [values.bound(name, item, self.dialect) for item in one or [None]]
                if name in statement.lists and isinstance(one, list)
                else values.bound(name, one, self.dialect)
                for name, one in statement.values(body, action.id).items()
            }
            sql = statement.sql(body, self._quote)
            secret = await given(reply, self.host, self.need)
        except Unbound as error:
            return Failed(f"`{action.target}` cannot be run: {error}", "arguments")
        except Broken as broken:
            return broken.outcome
        hidden = () if secret is None else (secret.reveal(), secret.reveal().partition(":")[2])
        try:
            engine = self._engine(secret)
        except ImportError:
            return Failed(MISSING, "missing")
        return Mask(hidden).outcome(await self._run(Run(engine, statement, sql, bound, self.seconds)))

    async def _run(self, run: Run) -> Outcome:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.concurrency, "atamo-sql")
        working = asyncio.get_running_loop().run_in_executor(self._threads, run)
        try:
            done, _ = await asyncio.wait({working}, timeout=self.seconds)
            if not done:
                run.stop()
            return await working
        except asyncio.CancelledError:
            run.stop()
            raise

    def _engine(self, secret: Secret | None) -> Any:
        """One engine for each user of the database: a connection never changes hands."""
        import hashlib

        key = "" if secret is None else hashlib.sha256(secret.reveal().encode()).hexdigest()
        if key not in self._engines:
            from sqlalchemy import create_engine
            from sqlalchemy.engine import make_url

            url = make_url(self.url)
            if secret is not None:
                user, _, password = secret.reveal().partition(":")
                url = url.set(username=user, password=password)
            options: dict[str, Any] = {"hide_parameters": True}
            if self.dialect == "sqlite":
                options["connect_args"] = {"timeout": min(self.seconds, 5.0), "check_same_thread": False}
            else:
                options |= {
                    "pool_size": self.concurrency,
                    "max_overflow": 0,
                    "pool_pre_ping": True,
                    "pool_timeout": self.seconds,
                    "connect_args": {"connect_timeout": max(2, int(self.seconds))},
                }
            self._engines[key] = create_engine(url, **options)
        return self._engines[key]

    def _quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    async def close(self) -> None:
        engines, self._engines = self._engines, {}
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        for engine in engines.values():
            engine.dispose()


class Run:
    """One transaction with one statement, in a thread; `stop` may be called from another."""

    def __init__(
        self, engine: Any, statement: Statement, sql: str, bound: Mapping[str, Any], seconds: float
    ) -> None:
        self.engine, self.statement, self.sql, self.bound, self.seconds = (
            engine,
            statement,
            sql,
            bound,
            seconds,
        )
        self.stopped = False
        self.committing = False
        self._driver: Any = None

    def __call__(self) -> Outcome:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self.engine.connect() as connection:
                self._driver = connection.connection.driver_connection
                if self.stopped:
                    return self._late()
                self._begin(connection)
                try:
                    answer = self._answer(connection)
                    self.committing = not self.statement.reads
                    connection.commit()
                finally:
                    self._driver = None
                    self._end(connection)
                return Done(answer)
        except SQLAlchemyError as error:
            if self.stopped and not self.committing:
                return self._late()
            repeatable = self.statement.repeatable or self.statement.reads
            return meaning(error, committing=self.committing, repeatable=repeatable)

    def stop(self) -> None:
        """Have the database give the statement up."""
        self.stopped, driver = True, self._driver
        if driver is not None:
            # psycopg cancels, SQLite interrupts; both may be called from any thread.
            (getattr(driver, "interrupt", None) or driver.cancel)()

    def _late(self) -> Again:
        return Again(f"no answer within {self.seconds:g} seconds; it was undone", error="timeout")

    def _begin(self, connection: Any) -> None:
        if self.engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"pragma query_only = {int(self.statement.reads)}")
            # The driver begins a transaction of its own only before a statement that writes.
            connection.exec_driver_sql("begin" if self.statement.reads else "begin immediate")
        elif self.statement.reads:
            connection.exec_driver_sql("set transaction read only")

    def _end(self, connection: Any) -> None:
        if self.engine.dialect.name == "sqlite" and not connection.invalidated:
            connection.rollback()
            connection.exec_driver_sql("pragma query_only = 0")

    def _answer(self, connection: Any) -> Json:
        from sqlalchemy import bindparam, text

        prepared = text(statements.for_sqlalchemy(self.sql))
        if self.statement.lists:
            prepared = prepared.bindparams(
                *(bindparam(name, expanding=True) for name in self.statement.lists)
            )
        result = connection.execute(prepared, dict(self.bound))
        if not result.returns_rows:
            return {"count": max(result.rowcount, 0)}
        most = 1 if self.statement.answer in ("row", "value") else self.statement.rows
        rows, more = values.answered(list(result.keys()), result.yield_per(most + 1), most)
        return _shaped(self.statement.answer, rows, more)


def _shaped(answer: str, rows: list[Json], more: bool) -> Json:
    """What the rule that asked is told: all rows, the first one, the first value of it, or how many there are."""
    first = rows[0] if rows and isinstance(rows[0], dict) else {}
    match answer:
        case "row":
            return first
        case "value":
            return {"value": next(iter(first.values()), None)}
        case "count":
            return {"count": len(rows)}
    return {"rows": rows, "more": more}


def _address(text: str, folder: str) -> tuple[str, str, str]:
    """The address as SQLAlchemy is given it, its dialect, and the host a credential is asked for. Raises ValueError,
    whose message does not show the address: it may hold a password."""
    taken = re.fullmatch(r"(\w+)(\+\w+)?://(.*)", text, re.DOTALL)
    if taken is None:
        raise ValueError(
            "`database` is no address such as `sqlite:///shop.db` or `postgresql+psycopg://host/name`"
        )
    dialect, driver, rest = taken[1], taken[2] or "", taken[3]
    if dialect not in _DIALECTS:
        raise ValueError(
            f"`database`: there is no `{dialect}` here; there are {', '.join(sorted(_DIALECTS))}"
        )
    if dialect == "postgresql":
        authority = rest.split("/")[0].split("?")[0]
        if "@" in authority or "password" in rest.lower():
            raise ValueError(
                "`database` holds no user or password: they are the user's credential, `name:password`"
            )
        return f"postgresql{driver or '+psycopg'}://{rest}", dialect, authority.rsplit(":", 1)[0]
    if not rest.startswith("/") or "?" in rest:
        raise ValueError("`database` names a file of the project: `sqlite:///shop.db`")
    root = Path(folder).resolve()
    path = Path(root, rest[1:]).resolve()
    if not path.is_relative_to(root) or path == root:
        raise ValueError(f"`database` leads out of the project's folder: {rest[1:]}")
    return f"sqlite:///{path}", dialect, ""
