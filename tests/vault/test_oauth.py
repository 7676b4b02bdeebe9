"""Access tokens are bought from a real token server when they are needed, one at a time; what comes back is kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.vaults.keys import KeySource
from atamo_rules.builtin.vaults.oauth import OAuth
from atamo_rules.builtin.vaults.sealed import SealedVault
from atamo_rules.errors import NotAllowed
from atamo_rules.model.strict_json import encode
from atamo_rules.people.tokens import Binding
from atamo_rules.testing.clock import ManualClock
from tests.vault.places import key_file

DRIVE = Binding("", "user ann", "drive", ("drive.example",))


class TokenServer:
    """Sells access tokens for the refresh token that is valid now, and another refresh token with each."""

    def __init__(self) -> None:
        self.valid, self.sold = "refresh-0", 0
        self.expires: object = 3600
        self.answer: tuple[int, str] | None = None
        self.asked: list[dict[str, list[str]]] = []
        self.lock = threading.Lock()
        self.gate = threading.Event()
        self.gate.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                status, text = outer.sell(form)
                outer.gate.wait(20)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def sell(self, form: dict[str, list[str]]) -> tuple[int, str]:
        with self.lock:
            self.asked.append(form)
            if self.answer is not None:
                return self.answer
            if form["refresh_token"] != [self.valid]:
                return 400, encode({"error": "invalid_grant", "error_description": form["refresh_token"][0]})
            self.sold += 1
            self.valid = f"refresh-{self.sold}"
            made = {"access_token": f"access-{self.sold}", "token_type": "Bearer", "expires_in": self.expires}
            return 200, encode({**made, "refresh_token": self.valid})

    def token(self, refresh: str = "refresh-0") -> str:
        return encode({"token_url": f"http://{self.host}/token", "client_id": "atamo", "client_secret": "hush",
                       "refresh_token": refresh, "scope": "files"})  # fmt: skip

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[TokenServer]:
    made = TokenServer()
    yield made
    made.close()


class Shop:
    """A vault with one refresh token."""

    def __init__(self, folder: Path, server: TokenServer) -> None:
        self.key, self.server = key_file(folder), server
        self.store, self.clock = MemoryStore(), ManualClock()

    async def open(self) -> SealedVault:
        await self.store.open(lambda first, notes: None)
        vault = await self.again()
        await vault.keep(DRIVE, "oauth2", self.server.token(), by="ann")
        return vault

    async def again(self) -> SealedVault:
        vault = SealedVault(KeySource(str(self.key)), frozenset({self.server.host}))
        await vault.begin(self.store, self.clock)
        return vault


async def bought(vault: SealedVault) -> tuple[str, str, int]:
    secret = await vault.credential("user ann", "drive", "drive.example")
    assert secret is not None
    return secret.reveal(), secret.kind, secret.version


def test_many_at_once_are_one_purchase_and_it_is_used_until_it_ends(
    tmp_path: Path, server: TokenServer
) -> None:
    async def story() -> None:
        shop = Shop(tmp_path, server)
        vault = await shop.open()
        got = await asyncio.gather(*(bought(vault) for _ in range(50)))
        assert set(got) == {("access-1", "bearer", 2)}
        shop.clock.move(3500)
        assert await bought(vault) == ("access-1", "bearer", 2)
        shop.clock.move(80)
        assert await bought(vault) == ("access-2", "bearer", 3)
        assert [one["refresh_token"] for one in server.asked] == [["refresh-0"], ["refresh-1"]]
        assert server.asked[0]["scope"] == ["files"]
        kinds = [one.kind for one in await shop.store.audit(0, 100)]
        assert kinds == ["secret.set", "secret.rotated", "secret.rotated"]

    asyncio.run(story())


def test_another_process_goes_on_with_the_refresh_token_that_came_back(
    tmp_path: Path, server: TokenServer
) -> None:
    async def story() -> None:
        shop = Shop(tmp_path, server)
        await bought(await shop.open())
        assert await bought(await shop.again()) == ("access-2", "bearer", 3)
        kept = repr(await shop.store.entries("secrets")) + repr(await shop.store.audit(0, 100))
        assert not any(one in kept for one in ("refresh-", "access-", "hush"))

    asyncio.run(story())


def test_whoever_gives_up_leaves_the_purchase_to_the_others(tmp_path: Path, server: TokenServer) -> None:
    async def story() -> None:
        vault = await Shop(tmp_path, server).open()
        first = asyncio.ensure_future(bought(vault))
        second = asyncio.ensure_future(bought(vault))
        while not vault.oauth.flights:
            await asyncio.sleep(0)
        first.cancel()
        assert await second == ("access-1", "bearer", 2)
        assert not vault.oauth.flights

    asyncio.run(story())


def test_a_refusal_is_for_good_and_a_fault_is_not(tmp_path: Path, server: TokenServer) -> None:
    async def story() -> None:
        vault = await Shop(tmp_path, server).open()
        for answer in ((500, "oh"), (503, "{}"), (200, "no json"), (200, "[]"), (200, "{}"), (200, "x" * (2 << 20)),
                       (200, '{"access_token": "a", "token_type": "mac"}'), (302, "")):  # fmt: skip
            server.answer = answer
            with pytest.raises(ConnectionError, match="token server"):
                await bought(vault)
        server.answer = None
        assert (await bought(vault))[0] == "access-1"
        server.valid = "another"
        vault.oauth.bought.clear()
        with pytest.raises(NotAllowed, match="set it again") as found:
            await bought(vault)
        assert "refresh-" not in str(found.value)
        await vault.keep(DRIVE, "oauth2", server.token("another"))
        assert (await bought(vault))[0] == "access-2"

    asyncio.run(story())


@pytest.mark.parametrize("expires", [None, "60", "soon", -5, 0])
def test_a_lifetime_of_any_kind_is_taken(tmp_path: Path, server: TokenServer, expires: object) -> None:
    async def story() -> None:
        server.expires = expires
        vault = await Shop(tmp_path, server).open()
        assert (await bought(vault))[0] == "access-1"
        assert (await bought(vault))[0] == ("access-2" if expires in (-5, 0) else "access-1")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://login.example/token", "begins with https"),
        ("https://169.254.169.254/latest", "is not among the token servers"),
        ("https://login.example:8443/token", "is not among the token servers"),
        ("https://ann:pw@login.example/token", "is not among the token servers"),
        ("file:///etc/passwd", "begins with https"),
        ("https://[", "is no address"),
    ],
)
def test_no_address_is_called_that_whoever_runs_the_hub_did_not_name(url: str, says: str) -> None:
    text = encode({"token_url": url, "client_id": "a", "refresh_token": "hush"})
    with pytest.raises(ValueError, match=says) as found:
        OAuth(frozenset({"login.example"})).check(text)
    assert "hush" not in str(found.value)


@pytest.mark.parametrize("removed", [True, False])
def test_a_token_that_is_set_during_a_purchase_has_nothing_of_the_one_before(
    tmp_path: Path, server: TokenServer, removed: bool
) -> None:
    """Neither is it written over by what came back for the other, nor is the other's access token given for it."""

    async def story() -> None:
        shop = Shop(tmp_path, server)
        vault = await shop.open()
        server.gate.clear()
        buying = asyncio.create_task(bought(vault))
        while not server.asked:
            await asyncio.sleep(0.01)
        if removed:
            assert await vault.remove(DRIVE.id) is not None
        await vault.keep(DRIVE, "oauth2", server.token("another"), by="ann")
        server.valid = "another"
        after = asyncio.create_task(bought(vault))
        while len(server.asked) < 2:
            await asyncio.sleep(0.01)
        server.gate.set()
        assert ((await buying)[0], (await after)[0], (await bought(vault))[0]) == (
            "access-1",
            "access-2",
            "access-2",
        )
        assert [one["refresh_token"] for one in server.asked] == [["refresh-0"], ["another"]]

    asyncio.run(asyncio.wait_for(story(), 20))
