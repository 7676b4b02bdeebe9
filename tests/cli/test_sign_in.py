"""`atamo run --oidc-issuer`: a real process that believes a small issuer, and says what is wrong with others."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import ORDERS, write
from tests.vault.issuers import AUDIENCE, LocalIssuer, forged

PEOPLE = """
groups: { staff: {}, leads: { in: [staff] } }
users: { ann: {} }
grants:
  - { to: group staff, role: viewer, over: everything }
"""


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    made = LocalIssuer()
    yield made
    made.end()


def settings(issuer: LocalIssuer) -> str:
    return (
        f'oidc-issuer = "{issuer.url}"\noidc-audience = "{AUDIENCE}"\n'
        'oidc-user = "preferred_username"\noidc-groups = "groups"\n'
    )


def test_tokens_open_a_hub_as_the_people_files_and_the_groups_of_the_token_say(
    issuer: LocalIssuer, tmp_path: Path
) -> None:
    write(tmp_path, {"a.atamo": ORDERS, "people.yaml": PEOPLE, "atamo.toml": settings(issuer)})
    now = int(time.time())
    mine = {"iss": issuer.url, "preferred_username": "ann", "groups": ["leads", 7, ""]}
    public = issuer.keys["k1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    whole = {"aud": AUDIENCE, "exp": now + 600, **mine}
    other = ec.generate_private_key(ec.SECP256R1())
    with Dispatcher(".", "--port", "0", cwd=tmp_path) as hub, hub.web as web:

        def ask(token: str) -> int:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            return web.get("/v1/rules", headers=headers).status_code

        assert ask(issuer.token(**mine)) == 200
        assert ask(issuer.token(**{**mine, "groups": "staff"})) == 200
        assert ask(issuer.token(**{**mine, "groups": ["nobodys"]})) == 403, (
            "without a group nothing is granted"
        )
        assert ask(issuer.token(**{**mine, "groups": None})) == 403
        for bad in (
            "",
            issuer.token(**{**mine, "exp": now - 60}),
            issuer.token(**{**mine, "aud": "another"}),
            issuer.token(**{**mine, "iss": "https://login.example"}),
            issuer.token(**{**mine, "preferred_username": None}),
            forged(whole, public),
            jwt.encode(whole, "", "none"),
            jwt.encode(whole, other, "ES256", headers={"kid": "k1"}),
        ):
            assert ask(bad) == 401, bad
        assert hub.end(signal.SIGTERM) == 0
    assert issuer.asked == 1


def test_the_doctor_asks_the_issuer(issuer: LocalIssuer, tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": ORDERS, "atamo.toml": settings(issuer)})

    def said() -> tuple[int, str, str]:
        done = atamo("doctor", "--format", "json", cwd=tmp_path)
        (one,) = [one for one in json.loads(done.stdout)["checks"] if one["what"] == "sign-in"]
        return done.returncode, one["state"], one["said"]

    assert said() == (0, "ok", "1 key")
    issuer.down = True
    assert said()[:2] == (1, "wrong")


def test_an_issuer_that_shows_no_keys_is_said_at_the_start_and_holds_up_nobody(
    issuer: LocalIssuer, tmp_path: Path
) -> None:
    write(tmp_path, {"a.atamo": ORDERS, "people.yaml": PEOPLE, "atamo.toml": settings(issuer)})
    issuer.down = True
    with Dispatcher(".", "--port", "0", "--quiet", cwd=tmp_path) as hub:
        said = hub.said("nobody signs in by")
        assert f"the keys of {issuer.url} cannot be read: the answer was 500" in said
        assert "`atamo doctor` tries it" in said
        assert hub.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--oidc-issuer", "https://a.example"], "an issuer has a url and an audience"),
        (["--oidc-issuer", "http://a.example", "--oidc-audience", "x"], "begins with https://"),
        (["--oidc-audience", "x"], "--oidc-audience says something of an issuer: name it by --oidc-issuer."),
    ],
)
def test_what_cannot_be_believed_is_said_at_the_start(tmp_path: Path, options: list[str], said: str) -> None:
    write(tmp_path, {"a.atamo": ORDERS})
    done = atamo("run", "--port", "0", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
