"""What the door has seen before it need not look at again: the answer is the one that it gave at first."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from atamo_rules.model.authority import Principal
from atamo_rules.model.people import User
from atamo_rules.model.types import Anything, EventType
from atamo_rules.people.roles import LOCAL, is_local
from atamo_rules.rest.access import sender, unsent
from atamo_rules.rest.faults import REMEMBERED, HostCheck
from atamo_rules.rest.parameters import header, named
from tests.people.test_decide import TYPES, USERS, principals

NAMES = frozenset({"localhost", "hub.example"})
HOSTS = (b"localhost", b"LocalHost:8080", b"hub.example:1", b"evil.example", b"localhost@evil.example", b"")
ORIGINS = (b"http://localhost:1", b"https://hub.example", b"https://evil.example", b"null")
headers = st.lists(
    st.one_of(
        st.tuples(st.just(b"host"), st.sampled_from(HOSTS)),
        st.tuples(st.just(b"origin"), st.sampled_from(ORIGINS)),
        st.tuples(st.sampled_from([b"accept", b"content-type"]), st.sampled_from([b"a", b" b ", b""])),
    ),
    max_size=4,
)


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("it is only asked whether it would be")


def asked(given: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {"type": "http", "headers": given}


@settings(max_examples=300, deadline=None)
@given(st.lists(headers, min_size=2, max_size=8))
def test_a_host_that_was_right_opens_nothing_else(each: list[list[tuple[bytes, bytes]]]) -> None:
    door = HostCheck(nothing, NAMES)
    door.problem(asked([(b"host", b"localhost")]))
    for said in each:
        fresh, now = HostCheck(nothing, NAMES).problem(asked(said)), door.problem(asked(said))
        assert (now and now.document()) == (fresh and fresh.document())
        hosts = [value.lower() for name, value in said if name == b"host"]
        assert fresh is not None or (len(hosts) == 1 and hosts[0].split(b":")[0].decode() in NAMES)


def test_the_hosts_that_are_remembered_are_few() -> None:
    door = HostCheck(nothing, NAMES)
    for port in range(3 * REMEMBERED):
        assert door.problem(asked([(b"host", b"localhost:%d" % port)])) is None
    assert len(door.right) == REMEMBERED


@given(headers)
def test_the_first_header_of_a_name_is_the_one(given: list[tuple[bytes, bytes]]) -> None:
    request = Request(asked(given))
    for name in (b"host", b"origin", b"accept", b"content-type", b"other"):
        first = next((value for known, value in given if known == name), b"")
        assert header(request, name) == first.decode().strip()
        assert named(request.scope).get(name, b"") == first


@settings(max_examples=200, deadline=None)
@given(
    principals,
    st.lists(
        st.tuples(st.sampled_from([None, 0, *USERS]), st.sampled_from(TYPES), st.sampled_from([None, False, True])),
        min_size=1, max_size=8,
    ),
)  # fmt: skip
def test_who_may_send_may_send_again(who: Principal, each: list[tuple[Any, str, bool | None]]) -> None:
    may = sender(who)
    for user, type, request in each:
        own = who.user if user == 0 else user  # the intake gives the sender's own user, the very object
        known = EventType(type, Anything(), request=request) if request is not None else None
        for _ in range(2):
            assert may(own, type, known) == sender(who)(own, type, known) == unsent(who, own, type, known)


def test_a_local_user_is_known_by_all_that_they_are() -> None:
    again = Principal(User(LOCAL.name), LOCAL.grants, LOCAL.limits, LOCAL.key)
    assert again is not LOCAL
    assert is_local(LOCAL)
    assert is_local(again)
    assert not is_local(Principal(User(""), (), LOCAL.limits, LOCAL.key))
    assert not is_local(Principal(User(""), LOCAL.grants, LOCAL.limits, "another"))
