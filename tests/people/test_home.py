"""The organisation of a group: found at once for every group, and the same as by looking through everybody."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.model.people import Directory, User

NAMES = st.sampled_from(["a", "b", "c", ""])
PEOPLE = st.lists(st.builds(User, NAMES, st.frozensets(NAMES.filter(bool)), NAMES), max_size=8)


def walked(people: Directory, group: str) -> str:
    """As it is said: of one organisation alone."""
    homes = {user.organisation for user in people.users.values() if group in user.groups}
    return homes.pop() if len(homes) == 1 else ""


@given(PEOPLE, PEOPLE)
def test_the_home_of_a_group_is_found_as_by_looking_through_everybody(
    some: list[User], others: list[User]
) -> None:
    people = Directory({str(number): user for number, user in enumerate(some)})
    other = replace(people, users={str(number): user for number, user in enumerate(others)})
    for one in (people, other, people):
        for group in ("a", "b", "c", "d"):
            assert one.home(group) == walked(one, group)


def test_many_groups_look_through_everybody_once() -> None:
    """A list of rules asks for each of them: it cost as many steps as there are rules and users together."""
    looked = 0

    class Counting(dict[str, User]):
        def values(self):  # type: ignore[no-untyped-def]
            nonlocal looked
            looked += 1
            return super().values()

    people = Directory(
        Counting({f"u{n}": User(f"u{n}", frozenset({f"g{n % 7}"}), "acme") for n in range(50)})
    )
    assert [people.home(f"g{n}") for n in range(8)] == ["acme"] * 7 + [""]
    assert looked == 1
    assert Directory().home("g") == ""
