"""Redirects and TLS: off unless asked for, each hop checked anew, and nothing handed to another origin."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.web.exchange import Broken, Request, redirected
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import action
from tests.agents.old_tls import only_old, speaks
from tests.agents.servers import Asked, Said, Web, web


@pytest.fixture
def desk() -> Iterator[Web]:
    with web() as server:
        yield server


def perform(settings: dict[str, Any], folder: str = ".") -> Outcome:
    async def story() -> Outcome:
        agent = HttpAgent("desk", {"private": ["127.0.0.1/32"], **settings}, folder)
        try:
            return await agent.perform(action(), Replies({"127.0.0.1": Secret("s" * 20)}))
        finally:
            await agent.close()

    return asyncio.run(story())


def test_a_redirect_is_followed_where_the_settings_say_so(desk: Web) -> None:
    def says(asked: Asked) -> Said:
        return (307, {"Location": "/b?x=1"}, b"") if asked.path == "/a" else (200, {}, b'{"n": 1}')

    desk.says = says
    assert perform({"url": f"{desk.url}/a"}) == Failed("the answer was 307", "http 307")
    assert perform({"url": f"{desk.url}/a", "redirects": 1}) == Done({"n": 1})
    assert [one.path for one in desk.asked] == ["/a", "/a", "/b?x=1"]
    assert desk.asked[1].body == desk.asked[2].body != b""
    assert desk.asked[2].headers["authorization"] == "Bearer " + "s" * 20


def test_what_was_meant_for_one_origin_is_not_handed_to_another(desk: Web) -> None:
    with web() as other:
        desk.says = (302, {"Location": f"{other.url}/x"}, b"")
        settings = {"url": f"{desk.url}/a", "redirects": 1, "method": "GET", "headers": {"X-Key": "k"}}
        assert perform(settings) == Done({})
        headers = other.asked[0].headers
        assert not {"authorization", "x-key", "idempotency-key"} & set(headers)
        desk.says = (307, {"Location": f"{other.url}/x"}, b"")
        outcome = perform({"url": f"{desk.url}/a", "redirects": 1})
        assert outcome == Failed("it redirects what was sent to another host", "redirects")
        assert len(other.asked) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/",
        "http://[::1]:80/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.0.0.1/",
        "http://0/",
        "http://0x7f.2/",
        "http://017700000002/",
        "http://[64:ff9b::a9fe:a9fe]/",
    ],
)
def test_every_hop_is_checked(desk: Web, target: str) -> None:
    desk.says = (302, {"Location": target}, b"")
    outcome = perform({"url": f"{desk.url}/a", "redirects": 3, "method": "GET"})
    assert isinstance(outcome, Failed)
    assert outcome.error == "private address"
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/x",
        "unix:/run/x",
        "//user:pass@127.0.0.1/",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/",
    ],
)
def test_a_redirect_leads_to_the_web_or_nowhere(desk: Web, target: str) -> None:
    desk.says = (302, {"Location": target}, b"")
    outcome = perform({"url": f"{desk.url}/a", "redirects": 3, "method": "GET"})
    assert isinstance(outcome, Failed)
    assert outcome.error == "redirects"
    assert "pass@" not in outcome.why


def test_a_circle_ends(desk: Web) -> None:
    desk.says = (302, {"Location": "/a"}, b"")
    outcome = perform({"url": f"{desk.url}/a", "redirects": 4, "method": "GET"})
    assert outcome == Failed("it redirects more than 4 times", "redirects")
    assert len(desk.asked) == 5


def test_nothing_goes_from_https_to_http() -> None:
    with pytest.raises(Broken, match="from https to http"):
        redirected(Request("GET", "https://a.example/"), 302, "http://a.example/")


def test_a_name_that_changes_its_mind_is_asked_once_for_a_hop(
    desk: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the address that was checked is the one that is connected to."""
    answers = ["127.0.0.1", "169.254.169.254"]
    looked_up: list[str] = []

    async def getaddrinfo(self: Any, host: str, port: int, **more: Any) -> Any:
        looked_up.append(host)
        return [(2, 1, 6, "", (answers[min(len(looked_up), 2) - 1], port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    assert perform({"url": f"http://desk.test:{desk.port}/a", "auth": "optional"}) == Done({})
    assert looked_up == ["desk.test", "127.0.0.1"] or looked_up == ["desk.test"]
    assert desk.asked[0].headers["host"] == f"desk.test:{desk.port}"


def test_no_proxy_of_the_environment_is_used(desk: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert perform({"url": desk.url}) == Done({})


# --- TLS --------------------------------------------------------------------------------------------------


def served(authority: trustme.CA, *names: str, **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **more).configure_cert(context)
    return context


def test_a_certificate_of_the_authority_that_is_named_is_accepted(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with web(served(authority, "127.0.0.1")) as desk:
        settings = {"url": f"https://127.0.0.1:{desk.port}/", "ca": "ca.pem"}
        assert perform(settings, str(tmp_path)) == Done({})


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("kind", ["unknown authority", "wrong host", "expired", "old TLS"])
def test_a_bad_certificate_is_refused(kind: str, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    trusted, other = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    match kind:
        case "unknown authority":
            context = served(other, "127.0.0.1")
        case "wrong host":
            context = served(trusted, "10.0.0.1")
        case "expired":
            context = served(trusted, "127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC),
                             not_before=datetime(2019, 1, 1, tzinfo=UTC))  # fmt: skip
        case _:
            context = only_old(served(trusted, "127.0.0.1"))
    with web(context) as desk:
        outcome = perform({"url": f"https://127.0.0.1:{desk.port}/", "ca": "ca.pem"}, str(tmp_path))
        if kind == "old TLS":
            assert speaks(desk.port) == "TLSv1.1"
            assert isinstance(outcome, Again)
            assert outcome.error == "tls"
        else:
            assert isinstance(outcome, Failed)
            assert outcome.error == "certificate"
            assert "is not accepted" in outcome.why
        assert desk.asked == []
