"""`health` of the agents: against servers that are well, dead, silent, or not what they should be; nothing is done."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from atamo_rules.builtin.agents.chat import ChatAgent
from atamo_rules.builtin.agents.file import FileAgent
from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.llm import LlmAgent
from atamo_rules.builtin.agents.log import LogAgent
from atamo_rules.builtin.agents.mail import MailAgent
from atamo_rules.builtin.agents.python import PythonAgent
from atamo_rules.builtin.agents.sql import SqlAgent
from tests.agents.hostile import serving, silence
from tests.agents.postgres import address
from tests.agents.servers import Web, web
from tests.waiting import alone

HERE = "127.0.0.1"
SHORT = 0.3
ACTIONS = {"find": {"statement": "select 1", "reads": True}}
LLM = {"api": "openai", "model": "m", "prompt": "x"}


async def asked(agent: Any) -> str:
    try:
        return str(await agent.health())
    finally:
        await agent.close()


def health(kind: Any, settings: dict[str, Any], folder: str = ".") -> str:
    return asyncio.run(asked(kind("it", settings, folder)))


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A server that takes a connection and says nothing."""
    async with serving(silence) as port:
        yield port


def free() -> int:
    with socket.socket() as one:
        one.bind((HERE, 0))
        return int(one.getsockname()[1])


def on_web(kind: Any, url: str, **more: Any) -> dict[str, Any]:
    own: dict[str, Any] = {HttpAgent: {}, ChatAgent: {"service": "slack"}, LlmAgent: LLM}[kind]
    return {**own, "url": url, "private": True, "timeout": 5, **more}


WEB = pytest.mark.parametrize("kind", [HttpAgent, ChatAgent, LlmAgent])
PAGED = pytest.mark.parametrize("kind", [HttpAgent, LlmAgent])


@WEB
def test_a_connection_is_enough_and_nothing_is_sent(kind: Any) -> None:
    with web() as server:
        assert health(kind, on_web(kind, server.url)) == ""
        assert server.asked == []


@PAGED
def test_a_page_says_how_it_is(kind: Any) -> None:
    with web() as server:
        settings = on_web(kind, f"{server.url}/api", health="/up?deep=1")
        assert health(kind, settings) == ""
        (one,) = server.asked
        assert (one.method, one.path, one.body) == ("GET", "/api/up?deep=1", b"")
        assert "authorization" not in one.headers
        server.says = (503, {}, b"down")
        assert health(kind, settings) == f"{HERE} answers /up?deep=1 with 503"


@WEB
def test_nobody_is_there(kind: Any) -> None:
    said = health(kind, on_web(kind, f"http://{HERE}:{free()}"))
    assert said.startswith(f"{HERE}, port ")
    assert "cannot be reached: " in said


@WEB
def test_addresses_are_allowed_as_for_calls(kind: Any) -> None:
    with web() as server:
        said = health(kind, on_web(kind, server.url, private=False))
        assert said == f"{HERE} is a private or local address; the setting `private` can allow it"
        if kind is not ChatAgent:
            assert health(kind, on_web(kind, server.url, private=False, health="/")) == said


@WEB
def test_certificates_are_looked_at_and_tls_that_never_begins_is_given_up(kind: Any, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HERE).configure_cert(context)
    with web(context) as server:
        there = f"https://{HERE}:{server.port}"
        assert health(kind, on_web(kind, there, ca="ca.pem"), str(tmp_path)) == ""
        assert health(kind, on_web(kind, there)).startswith(f"the certificate of {HERE} is not accepted: ")

    async def hanging() -> str:
        async with silent() as port:
            return await asked(kind("it", on_web(kind, f"https://{HERE}:{port}", timeout=SHORT), "."))

    assert asyncio.run(hanging()) == f"{HERE}: no connection within {SHORT:g} seconds"


@PAGED
def test_a_page_that_never_comes(kind: Any) -> None:
    async def hanging() -> str:
        async with silent() as port:
            settings = on_web(kind, f"http://{HERE}:{port}", timeout=SHORT, health="/up")
            return await asked(kind("it", settings, "."))

    assert asyncio.run(hanging()) == f"no answer within {SHORT:g} seconds"


def post(port: int, **more: Any) -> dict[str, Any]:
    return {"host": HERE, "port": port, "from": "desk@example.com", "private": True, "tls": "none", **more}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_mail_is_greeted() -> None:
    heard: list[str] = []

    class Listening(SMTP):
        async def _call_handler_hook(self, command: str, *arguments: Any) -> Any:
            heard.append(command)
            return await super()._call_handler_hook(command, *arguments)

    async def story() -> tuple[str, str]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Listening(object(), loop=loop), HERE, 0)
        port = server.sockets[0].getsockname()[1]
        plain = await asked(MailAgent("post", post(port), "."))
        secured = await asked(MailAgent("post", post(port, tls="starttls"), "."))
        server.close()
        await alone()
        return plain, secured

    assert asyncio.run(story()) == ("", f"{HERE} offers no TLS, and nothing is sent without it")
    assert not {"MAIL", "RCPT", "DATA"} & set(heard)
    assert "NOOP" in heard


def test_mail_that_is_dead_silent_or_not_allowed() -> None:
    assert health(MailAgent, post(free())).startswith(f"{HERE}: ")
    assert "private or local" in health(MailAgent, post(25, private=False))

    async def hanging() -> str:
        async with silent() as port:
            return await asked(MailAgent("post", post(port, timeout=SHORT), "."))

    assert asyncio.run(hanging()) == f"no answer within {SHORT:g} seconds"


def test_a_file_of_sqlite_is_read_and_never_made(tmp_path: Path) -> None:
    settings = {"database": "sqlite:///shop.db", "actions": ACTIONS}
    file = tmp_path / "shop.db"
    assert health(SqlAgent, settings, str(tmp_path)) == f"`{file}` is not there"
    assert not file.exists()
    sqlite3.connect(file).close()
    assert health(SqlAgent, settings, str(tmp_path)) == ""
    file.write_text("no database, and long enough to be looked at as the head of one " * 20)
    assert health(SqlAgent, settings, str(tmp_path)) == "file is not a database"


def test_a_postgresql_that_is_well_dead_or_silent() -> None:
    assert health(SqlAgent, {"database": address(), "actions": ACTIONS}) == ""

    def elsewhere(port: int) -> dict[str, Any]:
        return {"database": f"postgresql+psycopg://{HERE}:{port}/shop", "actions": ACTIONS, "timeout": 1}

    assert "refused" in health(SqlAgent, elsewhere(free()))

    async def hanging() -> str:
        async with silent() as port:
            return await asked(SqlAgent("shop", elsewhere(port), "."))

    assert "no answer within 1 seconds" in asyncio.run(hanging())


def test_a_file_that_could_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.log").touch()
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))

    def of(path: str) -> str:
        return health(FileAgent, {"path": path}, str(tmp_path))

    assert (of("a.log"), of("new/deep/b.log")) == ("", "")
    assert of("folder") == f"`{tmp_path}/folder` is no file that can be written"
    under = of("a.log/b.log")
    assert (
        under
        == f"`{tmp_path}/a.log/b.log` cannot be made: `{tmp_path}/a.log` is no folder that can be written"
    )
    assert sorted(tmp_path.rglob("*")) == before
    if os.geteuid():
        (tmp_path / "folder").chmod(0o500)
        assert "no folder that can be written" in of("folder/c.log")


def test_a_log_that_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health(LogAgent, {}) == ""
    monkeypatch.setattr(sys, "stderr", None)
    assert health(LogAgent, {"to": "stderr"}) == "stderr is closed"


def test_functions_say_for_themselves(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(
        "def do(): ...\ndef ill(): return 'no ink'\nasync def well(): return None\ndef bad(): raise OSError('gone')\n"
    )
    made = {"function": "./desk.py:do"}
    assert health(PythonAgent, made, str(tmp_path)) == ""
    assert health(PythonAgent, {**made, "health": "./desk.py:well"}, str(tmp_path)) == ""
    assert health(PythonAgent, {**made, "health": "./desk.py:ill"}, str(tmp_path)) == "no ink"
    with pytest.raises(OSError, match="gone"):
        health(PythonAgent, {**made, "health": "./desk.py:bad"}, str(tmp_path))


def test_a_page_is_a_path() -> None:
    from atamo_rules.hub.agents.binding import unfit
    from atamo_rules.model.rule import AgentUse

    use = AgentUse("desk", "http", {"url": "https://desk.example", "health": "https://other.example/"})
    ((why, help),) = unfit(use, HttpAgent.settings_schema)
    assert why.startswith("`health`: ")
    assert help == "a path below the address, such as `/health`"


def test_what_was_asked_is_shown_to_nobody() -> None:
    """A page's answer is data of the other side, and is not told."""
    with web() as server:
        server.says = (500, {"x": "canary"}, b"canary")
        said = health(HttpAgent, on_web(HttpAgent, server.url, health="/"))
    assert "canary" not in said
    assert isinstance(server, Web)
