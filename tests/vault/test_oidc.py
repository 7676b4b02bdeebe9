"""Tokens of a local issuer open a hub to those they name, while they are good; nothing that was tampered with does."""

from __future__ import annotations

import base64
import hmac
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.testclient import TestClient

from atamo_rules.hub.clock import SystemClock
from atamo_rules.hub.keyring import FAILURES
from atamo_rules.model.strict_json import encode
from atamo_rules.rest.app import application
from atamo_rules.rest.oidc import SELDOM, Issuer, SignIn
from tests.hub.stage import stage
from tests.vault.places import PEOPLE, RULES, Asking

URL, AUDIENCE = "https://login.example", "atamo"


class LocalIssuer:
    """Signs with keys of its own, and shows their public halves."""

    def __init__(self) -> None:
        self.keys = {"k1": ec.generate_private_key(ec.SECP256R1())}
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(outer.key_set().encode())

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def key_set(self) -> str:
        shown = jwt.algorithms.ECAlgorithm.to_jwk
        return encode(
            {"keys": [{**shown(key.public_key(), as_dict=True), "kid": id} for id, key in self.keys.items()]}
        )

    def token(self, kid: str = "k1", **claims: Any) -> str:
        whole = {"iss": URL, "aud": AUDIENCE, "sub": "ann", "exp": int(time.time()) + 600, **claims}
        kept = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(kept, self.keys[kid], "ES256", headers={"kid": kid})


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    made = LocalIssuer()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


class Later(SystemClock):
    """The clock of the hub, which can be ahead."""

    ahead = 0.0

    def passed(self) -> float:
        return super().passed() + self.ahead


Ask = Callable[[str], int]


@pytest.fixture
def ask(issuer: LocalIssuer) -> Iterator[Ask]:
    hub, _ = stage(RULES, {"crm": Asking()}, people=PEOPLE)  # type: ignore[dict-item]
    hub.clock = Later()
    keys = f"http://127.0.0.1:{issuer.server.server_port}/keys"
    sign_in = SignIn(lambda: hub, Issuer(URL, AUDIENCE, keys))
    with TestClient(application(lambda: hub, ("testserver",), others=(sign_in,))) as client:

        def status(text: str) -> int:
            hub.keyring.failures.of.clear()
            headers = {"authorization": f"Bearer {text}"} if text else {}
            code: int = client.get("/v1/secrets", headers=headers).status_code
            return code

        status.hub, status.client = hub, client  # type: ignore[attr-defined]
        yield status
        assert client.portal is not None
        client.portal.call(hub.drain, 5)
        client.portal.call(hub.end)


def forged(claims: dict[str, Any], public: bytes) -> str:
    """A token that the issuer's public key is the HMAC key of: whoever lets the token choose takes it for good."""

    def coded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    signed = f"{coded(encode({'alg': 'HS256', 'kid': 'k1'}).encode())}.{coded(encode(claims).encode())}"
    return f"{signed}.{coded(hmac.digest(public, signed.encode(), 'sha256'))}"


IN = 409
"""What one who is let in is told by a hub without a vault."""


def test_a_good_token_opens_and_nothing_else_does(issuer: LocalIssuer, ask: Ask) -> None:
    assert ask(issuer.token()) == IN
    now = int(time.time())
    head, body, sign = issuer.token().split(".")
    other = issuer.token(sub="bob").split(".")
    public = issuer.keys["k1"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    claims = {"iss": URL, "aud": AUDIENCE, "sub": "ann", "exp": now + 600}
    for text in (
        "", "x.y.z", f"{head}.{other[1]}.{sign}", f"{head}.{body}.", f"{head}.{body}.{other[2]}",
        issuer.token(iss="https://evil.example"), issuer.token(iss=None), issuer.token(aud="another"),
        issuer.token(aud=None), issuer.token(exp=now - 60), issuer.token(exp=None), issuer.token(nbf=now + 600),
        issuer.token(sub=None), issuer.token(sub=""), issuer.token(sub="x" * 300),
        jwt.encode(claims, "", "none"), forged(claims, public),
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "k1"}),
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "k9"}),
        "atm_aaaaaaaa_" + "x" * 43, "a" * (20 << 10) + ".b.c",
    ):  # fmt: skip
        assert ask(text) == 401, text[:80]


def test_keys_are_kept_and_asked_for_again_when_one_is_new(issuer: LocalIssuer, ask: Any) -> None:
    assert [ask(issuer.token()) for _ in range(5)] == [IN] * 5
    assert issuer.asked == 1
    issuer.keys["k2"] = ec.generate_private_key(ec.SECP256R1())
    assert [ask(issuer.token("k2")) for _ in range(5)] == [401] * 5
    assert issuer.asked == 1, "unknown keys ask nobody that often"
    ask.hub.clock.ahead = SELDOM + 1
    assert ask(issuer.token("k2")) == IN
    assert issuer.asked == 2


def test_wrong_tokens_are_asked_to_wait(issuer: LocalIssuer, ask: Any) -> None:
    headers = {"authorization": f"Bearer {issuer.token(aud='another')}"}
    got = [ask.client.get("/v1/types", headers=headers).status_code for _ in range(FAILURES + 2)]
    assert got == [401] * FAILURES + [429] * 2
    assert (
        ask.client.get("/v1/secrets", headers={"authorization": f"Bearer {issuer.token()}"}).status_code == IN
    )


def test_it_may_what_the_people_files_say(issuer: LocalIssuer, ask: Ask) -> None:
    headers = {"authorization": f"Bearer {issuer.token()}"}
    assert ask.client.get("/v1/audit", headers=headers).status_code == 403  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "more",
    [{"audience": ""}, {"url": ""}, {"algorithms": ("HS256",)}, {"algorithms": ("none",)}, {"algorithms": ()},
     {"keys": "http://login.example/keys"}],
)  # fmt: skip
def test_what_cannot_be_believed_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"issuer has|algorithms|begins with https"):
        Issuer(**{"url": URL, "audience": AUDIENCE, "keys": "keys.json", **more})


def test_keys_may_stand_in_a_file(issuer: LocalIssuer, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(issuer.key_set())
    hub, _ = stage(RULES, {"crm": Asking()}, people=PEOPLE)  # type: ignore[dict-item]
    sign_in = SignIn(lambda: hub, Issuer(URL, AUDIENCE, str(path)))
    with TestClient(application(lambda: hub, ("testserver",), others=(sign_in,))) as client:
        headers = {"authorization": f"Bearer {issuer.token()}"}
        assert client.get("/v1/secrets", headers=headers).status_code == IN
        assert client.get("/v1/secrets").status_code == 401, "it is open to nobody"
        assert client.portal is not None
        client.portal.call(hub.drain, 5)
        client.portal.call(hub.end)
