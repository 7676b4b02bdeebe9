"""A credential stays out of everything that an agent says: outcomes, logs and reprs, whatever the other side echoes."""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import string
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.mail import MailAgent
from atamo_rules.builtin.agents.masking import MASK, PIECE, Mask
from atamo_rules.builtin.agents.sql import SqlAgent
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.secret import Secret
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import action
from tests.agents.hostile import MODES, serving
from tests.agents.servers import Asked, Said, web

HERE = "127.0.0.1"
LETTERS = string.ascii_letters + string.digits
TOKENS = st.text(LETTERS + "-_.~+/=", min_size=32, max_size=64)


def forms(secret: str) -> list[str]:
    """What a leak looks like: as it is, coded, and cut into halves and quarters."""
    raw = secret.encode()
    whole = [secret, raw.hex(), raw.hex().upper(), quote(secret, safe=""), secret.upper(), secret.lower()]
    whole += [base64.b64encode(b"\0" * shift + raw).decode()[4:-4] for shift in range(3)]
    return [*whole, *(one[at : at + 16] for one in whole for at in range(0, len(one) - 16, 7))]


def assert_free(text: str, secret: str) -> None:
    assert [form for form in forms(secret) if form in text] == []


def canary() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(64))


def echo(asked: Asked) -> bytes:
    """What a careless server says: everything it was sent, in every way it can be written."""
    sent = "\n".join(f"{name}: {value}" for name, value in asked.headers.items())
    value = asked.headers.get("authorization") or asked.headers.get("x-api-key") or ""
    inner = value.partition(" ")[2] or value
    words = [sent, value, inner[: len(inner) // 2], inner[20:], inner.encode().hex(), quote(inner)]
    words += [base64.b64encode(f"{'x' * shift}{inner}".encode()).decode() for shift in range(3)]
    return ("\n".join(words)).encode()


@pytest.mark.parametrize("kind", ["bearer", "basic", "header"])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 429, 500])
def test_whatever_a_server_echoes(kind: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = canary()
    text = {"bearer": secret, "basic": f"ann:{secret}", "header": f"X-Api-Key: {secret}"}[kind]

    def says(asked: Asked) -> Said:
        return (
            status,
            {"Location": "/" + quote(asked.headers.get("authorization", "x")), "Retry-After": "1"},
            echo(asked),
        )

    async def story(port: int) -> str:
        settings = {"url": f"http://{HERE}:{port}/x", "private": True, "redirects": 2}
        agent = HttpAgent("desk", settings, ".")
        outcome = await agent.perform(action(), Replies({HERE: Secret(text, kind)}))
        said = repr((outcome, agent, vars(agent), agent.exchange, vars(agent.exchange)))
        await agent.close()
        return said

    with web() as server:
        server.says = says
        said = asyncio.run(story(server.port))
        assert any(secret in str(one.headers) or "Basic" in str(one.headers) for one in server.asked)
    assert_free(said + caplog.text, secret)
    assert (MASK in said) is (status == 200)


@pytest.mark.parametrize("name", [name for name, (_, error) in MODES.items() if error != "timeout"])
def test_whatever_a_hostile_server_does(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = canary()

    async def story() -> str:
        async with serving(MODES[name][0]) as port:
            agent = HttpAgent("desk", {"url": f"http://{HERE}:{port}/x", "private": True}, ".")
            outcome = await agent.perform(action(), Replies({HERE: Secret(secret)}))
            await agent.close()
            return repr(outcome)

    assert_free(asyncio.run(story()) + caplog.text, secret)


def test_whatever_a_mail_server_says(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = canary()

    async def story() -> str:
        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(f"554 no {secret} {base64.b64encode(secret.encode()).decode()}\r\n".encode())
            writer.close()

        server = await asyncio.start_server(meet, HERE, 0)
        port = server.sockets[0].getsockname()[1]
        agent = MailAgent("post", {"host": HERE, "port": port, "from": "a@b.example", "private": True}, ".")
        body = {"to": "a@b.example", "subject": "x", "text": "y"}
        given = Action("a", "send", "post", "mail", body, "r", "r:1:1", 0)
        outcome = await agent.perform(given, Replies({HERE: Secret(f"ann:{secret}", "basic")}))
        server.close()
        assert isinstance(outcome, Failed)
        assert MASK in outcome.why
        return repr((outcome, agent, vars(agent)))

    assert_free(asyncio.run(story()) + caplog.text, secret)


def test_whatever_a_database_says(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = canary()

    async def story(database: str, statement: str) -> Any:
        agent = SqlAgent(
            "shop", {"database": database, "actions": {"a": {"statement": statement}}}, str(tmp_path)
        )
        given = Action("a", "ask", "shop", "a", {"v": secret}, "r", "r:1:1", 0)
        outcome = await agent.perform(given, Replies({agent.host: Secret(f"ann:{secret}", "basic")}))
        said = repr((outcome, agent, vars(agent), list(agent._engines.values())))
        await agent.close()
        return said

    said = asyncio.run(story(f"postgresql://{HERE}:1/shop", "select 1"))
    assert_free(said + caplog.text, secret)


# --- the mask itself --------------------------------------------------------------------------------------


@given(TOKENS, st.text(max_size=30), st.text(max_size=30), st.integers(0, 40), st.integers(2 * PIECE - 1, 64))
def test_any_piece_of_a_credential_is_found(secret: str, before: str, after: str, at: int, size: int) -> None:
    piece = secret[at : at + size]
    if len(piece) >= 2 * PIECE - 1:
        made = Mask([secret]).text(before + piece + after)
        assert piece not in made or piece in before + after
        assert MASK in made


@given(TOKENS, st.binary(max_size=8), st.binary(max_size=8))
def test_base64_is_found_at_any_alignment(secret: str, before: bytes, after: bytes) -> None:
    coded = base64.b64encode(before + secret.encode() + after).decode()
    made = Mask([secret]).text(coded)
    inner = base64.b64encode(secret.encode()).decode()[8:24]
    assert inner not in made
    assert MASK in made


@given(st.text(max_size=200), TOKENS)
def test_what_holds_no_piece_is_left_as_it_is(text: str, secret: str) -> None:
    held = any(form[at : at + PIECE] in text for form in forms(secret) for at in range(len(form) - PIECE + 1))
    if not held:
        assert Mask([secret]).text(text) == text


def test_a_mask_reaches_into_answers_and_leaves_numbers() -> None:
    secret = canary()
    mask = Mask([secret])
    assert mask.outcome(Done({"a": [secret, 1, True, None], secret: "x"})) == Done(
        {"a": [MASK, 1, True, None], MASK: "x"}
    )
    assert mask.outcome(Again(f"x {secret[:20]}", 3.0, "e")) == Again(f"x {MASK}", 3.0, "e")
    assert Mask(["abc"]).text("abc") == "abc"  # too short to be told from a word
    assert repr(mask) == "Mask()"
