"""The sql agent against SQLite and a real PostgreSQL: what is bound, refused, given back, undone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atamo_rules.builtin.agents.sql import SqlAgent
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.testing.agents import Replies
from tests.agents.postgres import address

ACTIONS: dict[str, Any] = {
    "make": {"statement": "create table {t} (id text primary key, customer text, amount numeric(12, 2), n bigint)"},
    "book": {"statement": "insert into {t} (id, customer, amount, n) values (:id, :customer, :amount, :n)"},
    "once": {"statement": "insert into {t} (id, customer) values (:action_id, ':x; -- no name')"},
    "find": {"statement": "select customer, n from {t} where customer = :customer order by {sort}", "reads": True},
    "some": {"statement": "select id from {t} where id in :ids order by id", "lists": ["ids"], "reads": True},
    "all": {"statement": "select id from {t} order by id", "rows": 3, "reads": True},
    "first": {"statement": "select id, n from {t} order by id", "answer": "row", "reads": True},
    "total": {"statement": "select sum(amount) as total from {t}", "answer": "value", "reads": True},
    "pretend": {"statement": "delete from {t}", "reads": True},
    "echo": {"statement": "select cast(:text as text) as text", "answer": "value", "reads": True},
}  # fmt: skip


@dataclass
class Db:
    """A database with a table of its own."""

    settings: dict[str, Any]
    folder: str
    secret: Secret | None

    def run(self, name: str, body: Any = None, **more: Any) -> Outcome:
        return asyncio.run(self.perform(name, body, **more))

    async def perform(self, name: str, body: Any = None, **more: Any) -> Outcome:
        agent = SqlAgent("shop", {**self.settings, **more}, self.folder)
        try:
            action = Action("e1#r/0", "ask", "shop", name, body or {}, "r", "r.atamo:1:1", 0)
            replies = Replies({agent.host: self.secret} if self.secret else {})
            return await asyncio.wait_for(agent.perform(action, replies), agent.timeout + 60)
        finally:
            await agent.close()


def actions(table: str) -> dict[str, Any]:
    sorts = {"sort": {"newest": "id", "customer": f"{table}.customer"}}
    made = {}
    for name, one in ACTIONS.items():
        statement = str(one["statement"]).replace("{t}", table)
        made[name] = {**one, "statement": statement}
        if "{sort}" in statement:
            made[name]["identifiers"] = sorts
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Db:
    table = f"t{uuid.uuid4().hex[:8]}"
    if request.param == "sqlite":
        made = Db({"database": "sqlite:///shop.db", "actions": actions(table)}, str(tmp_path), None)
    else:
        made = Db({"database": address(), "actions": actions(table)}, ".", Secret("postgres:", "basic"))
    assert made.run("make") == Done({"count": 0})
    return made


def book(db: Db, id: str, customer: Any = "ann", amount: Any = Decimal("1.10"), n: Any = 1) -> Outcome:
    return db.run("book", {"id": id, "customer": customer, "amount": amount, "n": n})


def test_values_go_in_and_come_back(db: Db) -> None:
    assert book(db, "a", "O'Brien; drop table x --") == Done({"count": 1})
    assert book(db, "b", None, Decimal("2.20"), -(2**63)) == Done({"count": 1})
    assert db.run("find", {"customer": "O'Brien; drop table x --", "sort": "newest"}) == Done(
        {"rows": [{"customer": "O'Brien; drop table x --", "n": 1}], "more": False}
    )
    assert db.run("first") == Done({"id": "a", "n": 1})
    total = db.run("total")
    assert isinstance(total, Done)
    assert isinstance(total.answer, dict)
    assert total.answer["value"] in (Decimal("3.30"), Decimal("3.3000000000000003"))  # SQLite adds in floats


def test_rows_are_as_many_as_asked_for_and_say_that_there_are_more(db: Db) -> None:
    for id in "abcd":
        book(db, id)
    assert db.run("all") == Done({"rows": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "more": True})
    assert db.run("some", {"ids": ["b", "d", "x') or 1=1 --"]}) == Done(
        {"rows": [{"id": "b"}, {"id": "d"}], "more": False}
    )
    assert db.run("some", {"ids": []}) == Done({"rows": [], "more": False})
    assert isinstance(db.run("some", {"ids": "b"}), Failed)


def test_the_id_of_the_action_makes_a_second_attempt_harmless(db: Db) -> None:
    assert db.run("once") == Done({"count": 1})
    again = db.run("once")
    assert isinstance(again, Failed)  # the primary key
    assert "e1#r/0" not in again.why or "sqlite" not in db.settings["database"]
    assert db.run("all") == Done({"rows": [{"id": "e1#r/0"}], "more": False})


def test_what_only_reads_cannot_write(db: Db) -> None:
    book(db, "a")
    outcome = db.run("pretend")
    assert isinstance(outcome, Failed)
    assert "read" in outcome.why
    assert db.run("all") == Done({"rows": [{"id": "a"}], "more": False})


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("find", {"customer": "a", "sort": "id; drop table x"}, "`sort` is none of customer, newest"),
        ("find", {"customer": "a"}, "`sort` is none of"),
        ("find", {"sort": "newest"}, "has no `customer`"),
        ("book", {"id": "a", "customer": "a\0b", "amount": 1, "n": 1}, "NUL"),
        ("book", {"id": "a", "customer": "a", "amount": 1, "n": 2**63}, "64 bits"),
        ("nothing", {}, "it has all, book"),
    ],
)
def test_arguments_that_cannot_be_run_are_a_sentence(tmp_path: Path, name: str, body: Any, said: str) -> None:
    db = Db({"database": "sqlite:///shop.db", "actions": actions("t")}, str(tmp_path), None)
    outcome = db.run(name, body)
    assert isinstance(outcome, Failed)
    assert said in outcome.why


HOSTILE = [
    "' or '1'='1", "'; drop table t; --", '" or ""="', "%' --", "100%", "\\' or 1=1 --", "ʼ or 1=1", "’; --",
    "$$; select 1; $$", "/* */", ":text", "::text", "{t}", "{{ 7*7 }}", "%(text)s", "?", "$1", "\u202e", "\ufeff",
    "x' union select 1 --", "0x27", "\\", "\\\\", "\n;\n", "a'||'b", "E'\\x27'", "{\"a\": \"'\"}", "[1, \"'\"]",
]  # fmt: skip


def test_injections_are_values(db: Db) -> None:
    book(db, "a")
    for text in HOSTILE:
        assert db.run("echo", {"text": text}) == Done({"value": text})
    assert db.run("all") == Done({"rows": [{"id": "a"}], "more": False})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_any_text_is_bound_as_it_is(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = str(tmp_path_factory.getbasetemp())
    db = Db({"database": "sqlite:///any.db", "actions": actions("t")}, folder, None)
    assert db.run("echo", {"text": text}) == Done({"value": text})


def test_objects_are_bound_as_json(db: Db) -> None:
    outcome = db.run("echo", {"text": {"a": [1, Decimal("2.50"), None]}})
    assert isinstance(outcome, Done)
    assert isinstance(outcome.answer, dict)
    assert json.loads(str(outcome.answer["value"])) == {"a": [1, 2.5, None]}


# --- time, locks, connections -----------------------------------------------------------------------------

ENDLESS = {
    "sqlite": "with recursive c(x) as (select 1 union all select x + 1 from c) select max(x) from c where x < 0",
    "postgresql": "select cast(pg_sleep(60) as text)",
}


def test_a_statement_that_takes_too_long_is_stopped_and_undone(db: Db) -> None:
    dialect = db.settings["database"].split(":")[0].split("+")[0]
    slow = {"slow": {"statement": ENDLESS[dialect]}}
    outcome = db.run("slow", timeout=0.4, actions=slow)
    assert outcome == Again("no answer within 0.4 seconds; it was undone", error="timeout")


def test_whoever_is_cancelled_leaves_nothing_running(tmp_path: Path) -> None:
    async def story() -> None:
        made = {"database": "sqlite:///x.db", "actions": {"slow": {"statement": ENDLESS["sqlite"]}}}
        agent = SqlAgent("shop", made, str(tmp_path))
        action = Action("a", "ask", "shop", "slow", {}, "r", "r:1:1", 0)
        task = asyncio.ensure_future(agent.perform(action, Replies()))
        while agent._threads is None or not agent._threads._threads:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        threads = list(agent._threads._threads)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await agent.close()
        await asyncio.to_thread(lambda: [thread.join(30) for thread in threads])
        assert not any(thread.is_alive() for thread in threads)

    asyncio.run(story())


def test_a_locked_database_may_work_later(tmp_path: Path) -> None:
    db = Db({"database": "sqlite:///shop.db", "actions": actions("t"), "timeout": 0.5}, str(tmp_path), None)
    assert db.run("make") == Done({"count": 0})
    other = sqlite3.connect(tmp_path / "shop.db")
    other.execute("begin immediate")
    outcome = db.run("once")
    other.rollback()
    other.close()
    assert isinstance(outcome, Again)
    assert outcome.error in ("locked", "timeout")
    assert db.run("once") == Done({"count": 1})


def pg(**made: Any) -> Db:
    return Db({"database": address(), "actions": made}, ".", Secret("postgres:", "basic"))


def test_a_deadlock_is_tried_again() -> None:
    import psycopg

    table = f"t{uuid.uuid4().hex[:8]}"
    where = address().replace("postgresql+psycopg:///", "postgresql://postgres:@/")
    with psycopg.connect(where, autocommit=True) as one, psycopg.connect(where) as two:
        one.execute(f"create table {table} (id int primary key, n int)")
        one.execute(f"insert into {table} values (1, 0), (2, 0)")
        two.execute("set deadlock_timeout = '20s'")  # so that the other is the victim
        two.execute(f"update {table} set n = 1 where id = 2")

        def other() -> None:
            waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like %s"
            while one.execute(waits, [f"%{table}%for update%"]).fetchone() is None:
                pass
            two.execute(f"update {table} set n = 1 where id = 1")

        thread = threading.Thread(target=other)
        thread.start()
        both = {
            "both": {
                "statement": f"""
            with a as (update {table} set n = 2 where id = 1 returning id),
                 b as (select count(*) from a),
                 c as (select id from {table}, b where id = 2 for update)
            select id from c"""
            }
        }
        outcome = pg(**both).run("both", timeout=15)
        thread.join()
        two.rollback()
    assert isinstance(outcome, Again)
    assert outcome.error == "deadlock"


def test_a_connection_that_is_ended_is_tried_again() -> None:
    made = pg(die={"statement": "select pg_terminate_backend(pg_backend_pid())"})
    outcome = made.run("die")
    assert isinstance(outcome, Again)
    assert outcome.error == "connection"


def test_a_commit_that_fails_is_no_success() -> None:
    table = f"t{uuid.uuid4().hex[:8]}"
    made = pg(
        make={"statement": f"create table {table} (id int unique deferrable initially deferred)"},
        twice={"statement": f"insert into {table} values (:n), (:n)"},
        count={"statement": f"select count(*) as n from {table}", "reads": True, "answer": "value"},
    )
    made.run("make")
    outcome = made.run("twice", {"n": 1})
    assert isinstance(outcome, Failed)
    assert outcome.error == "sql 23505"
    assert made.run("count") == Done({"value": 0})


def test_a_commit_whose_answer_is_lost_may_have_been_done() -> None:
    """The backend ends itself while it commits: nobody can know from outside what became of it."""
    import psycopg

    table = f"t{uuid.uuid4().hex[:8]}"
    where = address().replace("postgresql+psycopg:///", "postgresql://postgres:@/")
    with psycopg.connect(where, autocommit=True) as one:
        one.execute(f"create table {table} (id int)")
        one.execute(f"""create function {table}_die() returns trigger language plpgsql as
            $$begin perform pg_terminate_backend(pg_backend_pid()); return new; end$$""")
        one.execute(f"""create constraint trigger die after insert on {table} deferrable initially deferred
            for each row execute function {table}_die()""")
    made = pg(
        book={"statement": f"insert into {table} values (1)"},
        again={"statement": f"insert into {table} values (1)", "repeatable": True},
    )
    outcome = made.run("book")
    assert isinstance(outcome, Failed)
    assert outcome.error == "unknown"
    assert "may have been done" in outcome.why
    assert isinstance(made.run("again"), Again)


def test_stored_procedures_are_called_with_what_they_take() -> None:
    import psycopg

    name = f"p{uuid.uuid4().hex[:8]}"
    where = address().replace("postgresql+psycopg:///", "postgresql://postgres:@/")
    with psycopg.connect(where, autocommit=True) as one:
        one.execute(f"create table {name}_t (who text, amount numeric)")
        one.execute(f"""create procedure {name}(who text, amount numeric) language sql as
            $$insert into {name}_t values (who, amount)$$""")
    made = pg(
        pay={"procedure": name, "parameters": ["who", "amount"]},
        paid={"statement": f"select who, amount, amount::text as t from {name}_t where amount > :least::numeric",
              "reads": True, "answer": "row"},
    )  # fmt: skip
    assert made.run("pay", {"who": "x'); --", "amount": Decimal("1.50")}) == Done({"count": 0})
    assert made.run("paid", {"least": Decimal("1.2")}) == Done(
        {"who": "x'); --", "amount": Decimal("1.50"), "t": "1.50"}
    )


def test_a_wrong_password_is_said_and_not_shown() -> None:
    made = Db({"database": "postgresql://127.0.0.1:1/shop", "actions": {"a": {"statement": "select 1"}}}, ".",
              Secret("ann:" + "s" * 20, "basic"))  # fmt: skip
    outcome = made.run("a")
    assert isinstance(outcome, Again)
    assert outcome.error == "unreachable"
    assert "sss" not in repr(outcome)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"statement": "select '{{ name }}'"}, "expression inside its SQL"),
        ({"statement": "select {% if x %}1{% endif %}"}, "expression inside its SQL"),
        ({"statement": "select * from {table}"}, "`identifiers` lists nothing"),
        ({"statement": "select 1; drop table t"}, "more than one statement"),
        ({"statement": "select 1", "procedure": "x"}, "either `statement` or `procedure`"),
        ({}, "either `statement` or `procedure`"),
        ({"statement": "select 1", "lists": ["x"]}, "not bound: x"),
        ({"statement": "select {a}", "identifiers": {"a": {"b": "c; drop"}}}, "no name of a table or column"),
        ({"procedure": "p"}, "no stored procedures"),
    ],
)
def test_settings_that_cannot_work_are_refused_when_the_agent_is_made(
    made: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        SqlAgent("shop", {"database": "sqlite:///x.db", "actions": {"a": made}}, ".")


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("sqlite:///../x.db", "leads out"),
        ("sqlite://x.db", "file of the project"),
        ("sqlite:///x.db?mode=rw", "file of the project"),
        ("mysql://h/x", "no `mysql`"),
        ("postgresql://ann:secret@h/x", "no user or password"),
        ("postgresql://h/x?password=secret", "no user or password"),
        ("nonsense", "no address"),
    ],
)
def test_addresses_that_cannot_work_are_refused_without_being_shown(database: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        SqlAgent("shop", {"database": database, "actions": {"a": {"statement": "select 1"}}}, ".")
    assert "secret" not in str(error.value)
