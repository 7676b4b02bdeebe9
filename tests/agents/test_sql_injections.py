"""Hundreds of texts that would change a statement, in every place of one that an event can reach."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

from atamo_rules.builtin.agents.sql import SqlAgent
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Failed, Outcome
from atamo_rules.model.types import Json
from atamo_rules.testing.agents import Replies
from tests.agents.injections import injections
from tests.agents.test_sql import Db, book
from tests.agents.test_sql import db as db

ROWS = {"rows": [{"id": "a"}, {"id": "b"}], "more": False}


def table_of(db: Db) -> str:
    return str(db.settings["actions"]["make"]["statement"]).split()[2]


def asked(db: Db, many: list[tuple[str, Json]]) -> list[Outcome]:
    """What comes of many actions of one agent, some at a time."""

    async def story() -> list[Outcome]:
        agent = SqlAgent("shop", db.settings, db.folder)
        free = asyncio.Semaphore(agent.concurrency)

        async def one(number: int, name: str, body: Json) -> Outcome:
            async with free:
                action = Action(f"e{number}#r/0", "ask", "shop", name, body, "r", "r.atamo:1:1", 0)
                return await agent.perform(action, Replies({agent.host: db.secret} if db.secret else {}))

        try:
            return await asyncio.gather(*(one(n, name, body) for n, (name, body) in enumerate(many)))
        finally:
            await agent.close()

    return asyncio.run(story())


def intact(db: Db) -> bool:
    return db.run("all") == Done(ROWS)


def test_no_text_is_more_than_a_value(db: Db) -> None:
    book(db, "a", "ann")
    book(db, "b", "bob")
    texts = injections(table_of(db))
    assert len(set(texts)) > 300
    assert asked(db, [("echo", {"text": text}) for text in texts]) == [
        Done({"value": text}) for text in texts
    ]
    found = asked(db, [("find", {"customer": text, "sort": "newest"}) for text in texts])
    assert found == [Done({"rows": [], "more": False})] * len(texts)
    listed = asked(db, [("some", {"ids": [text, "b", text]}) for text in texts])
    assert listed == [Done({"rows": [{"id": "b"}], "more": False})] * len(texts)
    assert intact(db)


def test_no_text_is_a_name_of_the_database(db: Db) -> None:
    book(db, "a", "ann")
    book(db, "b", "bob")
    for outcome in asked(
        db, [("find", {"customer": "ann", "sort": text}) for text in injections(table_of(db))]
    ):
        assert isinstance(outcome, Failed)
        assert "`sort` is none of customer, newest" in outcome.why
    assert intact(db)


def test_what_is_written_is_read_back_to_the_letter(db: Db) -> None:
    texts = injections(table_of(db))[::5]
    bodies: list[tuple[str, Json]] = [
        ("book", {"id": f"i{n}", "customer": text, "amount": 1, "n": n}) for n, text in enumerate(texts)
    ]
    assert asked(db, bodies) == [Done({"count": 1})] * len(texts)
    found = asked(db, [("find", {"customer": text, "sort": "newest"}) for text in texts])
    assert found == [Done({"rows": [{"customer": t, "n": n}], "more": False}) for n, t in enumerate(texts)]


def test_nul_is_refused_in_a_sentence_or_written_as_json_has_it(db: Db) -> None:
    """PostgreSQL has no such character, and SQLite would end a text there."""
    book(db, "a", "ann")
    book(db, "b", "bob")
    texts = ("\0", "ann\0", "\0' or 1=1 --", "a\0; drop table x")
    many: list[tuple[str, Json]] = []
    for text in texts:
        many += [
            ("echo", {"text": text}),
            ("find", {"customer": text, "sort": "newest"}),
            ("some", {"ids": [text]}),
        ]
    whys = [outcome.why for outcome in asked(db, many) if isinstance(outcome, Failed)]
    assert len(whys) == len(many)
    assert all("holds a NUL" in why for why in whys)
    inside = asked(db, [("echo", {"text": {"a": text}}) for text in texts])
    assert inside == [Done({"value": json.dumps({"a": text}, separators=(",", ":"))}) for text in texts]
    assert intact(db)


def test_pasted_into_a_statement_they_would_change_it() -> None:
    """What is held off is something: all but those that only other databases or decoders fall for change a statement
    they are pasted into, between quotes of either kind."""
    texts, harmful = injections("t"), 0
    for text in texts:
        told = []
        for frame in ("'{}'", '"{}"'):
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as naive:
                naive.executescript(
                    "create table t (id text, n integer); insert into t values ('a', 1), ('b', 2)"
                )
                try:
                    naive.executescript(
                        f"create table hit as select id from t where id = {frame.format(text)}"
                    )
                    rows = naive.execute("select count(*) from hit").fetchone()[0]
                    kept = naive.execute("select count(*), sum(n) from t").fetchone()
                except sqlite3.Error:
                    told.append(True)  # it did not stay a value
                else:
                    told.append(rows > 0 or kept != (2, 3))
        harmful += any(told)
    assert harmful > len(texts) // 2
