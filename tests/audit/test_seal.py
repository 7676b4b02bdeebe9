"""A message's digest in the audit: it speaks of that message under its salt, and of nothing without it."""

from __future__ import annotations

import asyncio
import hmac
from decimal import Decimal
from hashlib import sha256

from msgspec.structs import replace

from atamo_rules.hub.audit.seal import content_of, fits, seal
from atamo_rules.model.event import Event
from tests.audit.logs import NOON
from tests.hub.stage import stage, submit

SALT = bytes(range(16)).hex()


def test_it_is_the_hmac_of_the_canonical_json() -> None:
    event = Event("e", "order", {"b": Decimal("1.50"), "a": "ü"}, NOON, source="/shop", salt=SALT)
    content = content_of(event.type, event.source, event.body)
    assert content.decode() == '["order","/shop",{"a":"ü","b":1.50}]'
    digest = seal(content, SALT)
    assert digest == hmac.new(bytes.fromhex(SALT), content, sha256).hexdigest()
    assert fits(event, digest)


def test_another_body_or_another_salt_does_not_fit() -> None:
    event = Event("e", "card", {"card": "4111"}, NOON, salt=SALT)
    digest = seal(content_of(event.type, event.source, event.body), SALT)
    assert fits(event, digest)
    assert not fits(replace(event, body={"card": "4112"}), digest)
    assert not fits(replace(event, salt="00" * 16), digest), "a guess is worth nothing without the salt"


def test_the_record_speaks_of_the_event_that_was_kept_and_two_alike_do_not_look_alike() -> None:
    async def story() -> None:
        hub, heard = stage("event thing of anything\n")
        await submit(hub, "thing", "e1", n=1)
        await submit(hub, "thing", "e2", n=1)
        first, second = heard.what("event.accepted")
        one, two = await hub.store.event("e1"), await hub.store.event("e2")
        assert one is not None
        assert two is not None
        assert fits(one, str(first["digest"]))
        assert fits(two, str(second["digest"]))
        assert first["digest"] != second["digest"]
        assert one.salt not in str(heard.records)

    asyncio.run(story())
