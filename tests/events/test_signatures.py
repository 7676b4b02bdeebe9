"""Signatures of webhooks: what senders publish, what their own packages make, and that nothing else gets by."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.events.secrets import secret, secrets
from atamo_rules.builtin.events.signatures import SCHEMES, plain, verify
from atamo_rules.hub.receiving import Unsigned

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def sign(scheme: str, body: bytes, secret: str, at: datetime = NOW, id: str = "msg_1") -> dict[str, str]:
    """The headers a sender would add, made apart from the code under test."""
    seconds = str(int(at.timestamp()))

    def mac(content: bytes) -> str:
        return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()

    match scheme:
        case "github":
            return {"X-Hub-Signature-256": f"sha256={mac(body)}"}
        case "stripe":
            return {"Stripe-Signature": f"t={seconds},v1={mac(seconds.encode() + b'.' + body)},v0=00"}
        case "slack":
            signature = mac(b"v0:" + seconds.encode() + b":" + body)
            return {"X-Slack-Request-Timestamp": seconds, "X-Slack-Signature": f"v0={signature}"}
    made = standardwebhooks.Webhook(secret).sign(id, at, body.decode())
    return {"webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": made}


def test_github_as_its_documentation_shows_it() -> None:
    headers = {
        "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }
    verify(SCHEMES["github"], headers, b"Hello, World!", ("It's a Secret to Everybody",), NOW, 300)


def test_slack_as_its_documentation_shows_it() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    then = datetime.fromtimestamp(1531420618, UTC)
    verify(SCHEMES["slack"], headers, body, ("8f742231b10e8888abcd99yyyzzz85a5",), then, 300)


def test_what_the_package_of_standard_webhooks_signs_is_taken_and_the_other_way_round() -> None:
    body = b'{"type": "user.created", "data": {"name": "\xc3\xbc"}}'
    now = datetime.now(UTC)
    headers = sign("standard", body, KEY, now)
    verify(SCHEMES["standard"], headers, body, (KEY,), now, 300)
    assert standardwebhooks.Webhook(KEY).verify(body, headers)["type"] == "user.created"


@pytest.mark.parametrize("scheme", SCHEMES)
class TestEveryScheme:
    @given(body=st.text().map(str.encode), other=st.text().map(str.encode))
    def test_the_body_signed_is_the_only_one(self, scheme: str, body: bytes, other: bytes) -> None:
        headers = sign(scheme, body, KEY)
        verify(SCHEMES[scheme], headers, body, (KEY,), NOW, 300)
        if other != body:
            with pytest.raises(Unsigned, match="any secret"):
                verify(SCHEMES[scheme], headers, other, (KEY,), NOW, 300)

    @given(st.dictionaries(st.sampled_from(["a", "b"]), st.text()), st.data())
    def test_whatever_stands_in_the_headers_is_a_refusal(
        self, scheme: str, more: dict[str, str], data: st.DataObject
    ) -> None:
        headers = sign(scheme, b"{}", KEY)
        spoilt = data.draw(st.sampled_from(sorted(headers)))
        text = data.draw(
            st.one_of(st.text(), st.sampled_from(["t=1,t=2", "v0=", "v1,", "sha1=00", "9" * 400]))
        )
        if text != headers[spoilt]:
            with pytest.raises(Unsigned):
                verify(SCHEMES[scheme], {**headers, **more, spoilt: text}, b"{}", (KEY,), NOW, 300)

    def test_another_secret_makes_another_signature(self, scheme: str) -> None:
        headers = sign(scheme, b"{}", "whsec_b3RoZXI=")
        with pytest.raises(Unsigned):
            verify(SCHEMES[scheme], headers, b"{}", (KEY,), NOW, 300)
        # While one secret replaces another, both count, in either order.
        verify(SCHEMES[scheme], headers, b"{}", (KEY, "whsec_b3RoZXI="), NOW, 300)
        verify(SCHEMES[scheme], headers, b"{}", ("whsec_b3RoZXI=", KEY), NOW, 300)

    def test_what_is_not_there_is_said(self, scheme: str) -> None:
        with pytest.raises(Unsigned, match="there is no `"):
            verify(SCHEMES[scheme], {}, b"{}", (KEY,), NOW, 300)

    @pytest.mark.parametrize("seconds", [-301, 301])
    def test_an_old_signature_is_a_replay(self, scheme: str, seconds: int) -> None:
        headers = sign(scheme, b"{}", KEY, NOW + timedelta(seconds=seconds))
        if scheme == "github":  # says no time: its deliveries are told apart by their ids
            verify(SCHEMES[scheme], headers, b"{}", (KEY,), NOW, 300)
            return
        with pytest.raises(Unsigned, match="more than 300 seconds"):
            verify(SCHEMES[scheme], headers, b"{}", (KEY,), NOW, 300)
        verify(SCHEMES[scheme], headers, b"{}", (KEY,), NOW, 302)


@pytest.mark.parametrize(("encoding", "prefix"), [("hex", ""), ("hex", "sha256="), ("base64", "HMAC ")])
def test_a_plain_hmac_stands_in_any_header(encoding: str, prefix: str) -> None:
    import base64

    mac = hmac.new(b"s", b"{}", hashlib.sha256)
    text = mac.hexdigest() if encoding == "hex" else base64.b64encode(mac.digest()).decode()
    scheme = plain("X-Signed", prefix, encoding)
    verify(scheme, {"X-Signed": prefix + text}, b"{}", ("s",), NOW, 300)
    for wrong in (text[1:], prefix + text[:-4], "", "no" + prefix + text):
        with pytest.raises(Unsigned):
            verify(scheme, {"X-Signed": wrong}, b"{}", ("s",), NOW, 300)


def test_secrets_come_from_files_and_variables_and_are_never_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").write_text("  fresh\n")
    (tmp_path / "blank").write_text("\n")
    monkeypatch.setenv("ATAMO_TEST_SECRET", "old")
    given = ({"env": "ATAMO_TEST_SECRET"}, {"file": "new"}, {"file": "gone"})
    assert secrets(given, str(tmp_path)) == ("old", "fresh")
    with pytest.raises(ValueError, match="the file `blank` holds no secret"):
        secret({"file": "blank"}, str(tmp_path))
    with pytest.raises(ValueError, match="the file `gone` cannot be read: no such file"):
        secrets(given[2:], str(tmp_path))
    with pytest.raises(ValueError, match="the variable ATAMO_NO_SUCH holds no secret"):
        secret({"env": "ATAMO_NO_SUCH"}, str(tmp_path))
    with pytest.raises(ValueError, match="whsec_"):
        SCHEMES["standard"].key("not base64!")
