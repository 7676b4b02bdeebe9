"""TLS to the servers, with certificates made here, and files of credentials: what holds, and that no secret is told."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from atamo_rules.builtin.stores.nats.place import Place, read_place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.builtin.stores.nats.trust import read_credentials
from atamo_rules.errors import StoreUnavailable
from atamo_rules.testing.store_stage import Stage
from tests.nats.servers import NatsServer, one_server

OPERATOR, ACCOUNT, USER = 14 << 3, 0, 20 << 3
"""What a key is of, in the first byte of its public form."""
SEED = 18 << 3


class Nkey:
    """A key of NATS, in its written forms."""

    def __init__(self, kind: int) -> None:
        self.kind, self.key = kind, Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        return _written(
            bytes([self.kind]) + self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        )

    @property
    def seed(self) -> str:
        first = bytes([SEED | self.kind >> 5, (self.kind & 31) << 3])
        return _written(first + self.key.private_bytes_raw())

    def token(self, subject: str, name: str, nats: dict[str, object]) -> str:
        """A token about a key, signed by this one."""
        claims = {
            "jti": name,
            "iat": 1_700_000_000,
            "iss": self.public,
            "sub": subject,
            "name": name,
            "nats": nats,
        }
        parts = [_base64(json.dumps(one).encode()) for one in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims)]
        return ".".join([*parts, _base64(self.key.sign(".".join(parts).encode()))])


def _written(raw: bytes) -> str:
    whole = raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(whole).decode().rstrip("=")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def credentials(token: str, seed: str) -> str:
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )


class Guarded:
    """A server with TLS that lets in whom one account has certified; and the files that this takes."""

    def __init__(self, folder: Path) -> None:
        authority, operator, account, user = trustme.CA(), Nkey(OPERATOR), Nkey(ACCOUNT), Nkey(USER)
        self.ca, self.creds = folder / "ca.pem", folder / "hub.creds"
        authority.cert_pem.write_to_path(str(self.ca))
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
        many = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
        plain = {"subs": -1, "data": -1, "payload": -1}
        open_ = {**plain, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
        system = Nkey(ACCOUNT)
        accounts = {
            system.public: operator.token(
                system.public, "sys", {"limits": open_, "type": "account", "version": 2}
            ),
            account.public: operator.token(
                account.public, "hubs", {"limits": {**open_, **many}, "type": "account", "version": 2}
            ),
        }
        known = "\n".join(f"{name}: {token}" for name, token in accounts.items())
        self.seed = user.seed
        token = account.token(
            user.public, "hub", {"pub": {}, "sub": {}, **plain, "type": "user", "version": 2}
        )
        self.creds.write_text(credentials(token, user.seed))
        operated = operator.token(operator.public, "op", {"type": "operator", "version": 2})
        self.server = one_server(
            folder,
            more=f'tls {{ cert_file: "{folder}/cert.pem", key_file: "{folder}/key.pem" }}\noperator: {operated}\n'
            f"system_account: {system.public}\nresolver: MEMORY\nresolver_preload: {{\n{known}\n}}\n",
        )

    def place(self, stream: str) -> Place:
        address = f"tls://127.0.0.1:{self.server.port}/{stream}?monitor={self.server.monitor}"
        return read_place(f"{address}&ca={self.ca}&creds={self.creds}")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    made = Guarded(tmp_path_factory.mktemp("guarded"))
    yield made
    made.server.kill()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up after a second."""
    monkeypatch.setattr("atamo_rules.builtin.stores.nats.connecting.CONNECTING", 1.0)


def refused(place: Place, folder: Path) -> str:
    """Why a store of this place is not opened."""

    async def whole() -> None:
        store = NatsStore(place, folder)
        try:
            await store.open(lambda first, notes: None)
        finally:
            await store.beats.end()

    with pytest.raises(StoreUnavailable) as caught:
        asyncio.run(whole())
    return str(caught.value)


def test_a_hub_comes_in_over_tls_with_its_credentials(guarded: Guarded, tmp_path: Path) -> None:
    async def whole() -> None:
        stage = Stage(lambda clock: NatsStore(guarded.place("whole"), tmp_path, clock))
        await stage.open()
        assert (await stage.accept("e1", stage.work())).known == "new"
        said = repr([await stage.store.audit(0, 100), stage.heard])
        assert guarded.seed not in said
        assert "hub.creds" not in said
        await stage.store.close()

    asyncio.run(whole())


def test_an_authority_that_did_not_certify_the_server_is_no_way_in(guarded: Guarded, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    said = refused(replace(guarded.place("s"), ca=str(other)), tmp_path)
    assert "certificate verify failed" in said
    said = refused(replace(guarded.place("s"), ca=str(guarded.creds)), tmp_path)
    assert said == f"the authority `{guarded.creds}` cannot be used: it holds no certificate"


def test_a_server_without_tls_is_told_nothing(server: NatsServer, guarded: Guarded, tmp_path: Path) -> None:
    place = guarded.place("s")
    said = refused(replace(place, servers=(replace(server.server, tls=True),)), tmp_path)
    assert "a server does not ask for TLS" in said


def test_who_is_not_certified_is_told_so_and_no_secret(guarded: Guarded, tmp_path: Path) -> None:
    mine = tmp_path / "mine.creds"
    account, user = Nkey(ACCOUNT), Nkey(USER)
    mine.write_text(credentials(account.token(user.public, "x", {"type": "user", "version": 2}), user.seed))
    said = refused(replace(guarded.place("s"), creds=str(mine)), tmp_path)
    assert "Authorization Violation" in said
    assert user.seed not in said


@pytest.mark.parametrize("spoilt", ["", "no credentials", "seed", "cut"])
def test_a_file_that_holds_no_credentials_is_said_without_what_is_in_it(
    guarded: Guarded, tmp_path: Path, spoilt: str
) -> None:
    file = tmp_path / "bad.creds"
    whole = guarded.creds.read_text()
    changed = guarded.seed[:-9] + ("A" if guarded.seed[-9] != "A" else "B") + guarded.seed[-8:]
    file.write_text({"seed": whole.replace(guarded.seed, changed), "cut": whole[:-60]}.get(spoilt, spoilt))
    said = refused(replace(guarded.place("s"), creds=str(file)), tmp_path)
    assert said == f"`{file}` holds no NATS credentials: `nsc generate creds` writes them"
    file.unlink()
    assert refused(replace(guarded.place("s"), creds=str(file)), tmp_path).endswith(
        "no such file or directory"
    )


def test_credentials_do_not_show_themselves(guarded: Guarded) -> None:
    assert repr(read_credentials(str(guarded.creds))) == "Credentials(…)"


@pytest.mark.parametrize(
    "said", ["ann:secret@h/s", "tls://ann:se/cret@h/s", "h/s?ca=x", "tls://h/s?password=secret"]
)
def test_a_password_in_a_place_is_refused_and_not_repeated(said: str) -> None:
    with pytest.raises(ValueError, match=r"no place here|no setting|about TLS") as caught:
        read_place(said)
    assert "cret" not in str(caught.value)
