"""Among whom a call of an agent is shared: never by two who only are called the same."""

from __future__ import annotations

import pytest

from atamo_rules.hub.sharing.key import scope
from atamo_rules.model.people import User, Who

DESK = Who("group", "desk")
USERS = (
    User("shop"), User("shop", organisation="acme"), User("shop", organisation="birch"),
    User("shop", frozenset({"desk"}), "acme"), User("bob", frozenset({"desk"}), "acme"), None,
)  # fmt: skip


@pytest.mark.parametrize("acting", [None, Who("user", "ann"), DESK])
def test_one_name_in_two_organisations_is_two(acting: Who | None) -> None:
    told = [scope("user", acting, user) for user in USERS[:3]]
    assert len(set(told)) == 3
    assert scope("user", acting, USERS[1]) == scope("user", acting, USERS[3]), "groups are nothing to it"


def test_widening_reaches_those_who_are_in_it_and_nobody_else() -> None:
    assert len({scope("organisation", None, user) for user in USERS}) == 4, "acme's three are one"
    assert scope(DESK, None, USERS[3]) == scope(DESK, None, USERS[4]) == "group desk"
    assert len({scope(DESK, None, user) for user in USERS}) == 5
    assert {scope("everyone", None, user) for user in USERS} == {"everyone"}
