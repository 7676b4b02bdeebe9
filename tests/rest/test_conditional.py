"""Tags, pages, methods and kinds of answers: what a cache, a browser and a careful client rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from starlette.requests import Request

from atamo_rules.rest.access import Access
from atamo_rules.rest.app import entries
from atamo_rules.rest.conditional import acceptable, matches
from atamo_rules.rest.openapi import plain
from atamo_rules.rest.operations import OPERATIONS
from atamo_rules.rest.problem import Problem
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]
RULES = """
event tick
  n: whole

agent desk
  uses log
  send note
    n: whole

rule a
  on tick
  do
    send desk.note
      n: n

rule b
  on tick
  stop

rule c
  on tick
  stop
"""
TELLING = (
    "/v1/types", "/v1/types/tick", "/v1/rules", "/v1/rules/a", "/v1/action-types", "/v1/action-types/desk.note",
    "/v1/agents", "/v1/agents/desk",
    "/v1/events/e", "/v1/events/e/trace", "/v1/audit?kind=event.accepted", "/v1/decided", "/v1/dead", "/v1/holds",
    "/v1/keys", "/v1/consents", "/v1/proposals", "/v1/people/users", "/openapi.json",
)  # fmt: skip


@pytest.fixture
def serving(serve: Serve) -> Serving:
    made = serve(RULES)
    assert made.post({"type": "tick", "id": "e", "data": {"n": 1}}).status_code == 202
    made.over("e")
    return made


@pytest.mark.parametrize("path", TELLING)
def test_an_answer_has_a_tag_and_whoever_has_it_is_sent_nothing(serving: Serving, path: str) -> None:
    first = serving.web.get(path)
    tag = first.headers["etag"]
    assert serving.web.get(path).headers["etag"] == tag
    again = serving.web.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert serving.web.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    plain = {"Accept-Encoding": "identity"}
    head = serving.web.head(path, headers=plain)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert head.headers["content-length"] == str(len(serving.web.get(path, headers=plain).content))


def test_what_changed_has_another_tag(serving: Serving) -> None:
    before = serving.web.get("/v1/agents/desk").headers["etag"]
    serving.web.put("/v1/holds/agent/desk")
    assert serving.web.get("/v1/agents/desk").headers["etag"] != before


def test_whoever_changes_what_somebody_else_changed_is_told(serving: Serving) -> None:
    web, path = serving.web, "/v1/people/organisations/acme"

    def put(about: str, **headers: str) -> int:
        return web.put(
            path, json={"about": about}, headers={n.replace("_", "-"): v for n, v in headers.items()}
        ).status_code

    assert put("one", if_match='"any"') == 412, "there is nothing yet"
    assert put("one", if_none_match="*") == 201
    assert put("two", if_none_match="*") == 412, "there is something"
    seen = web.get(path).headers["etag"]
    assert put("two", if_match=seen) == 200
    refused = web.put(path, json={"about": "three"}, headers={"If-Match": seen})
    assert (refused.status_code, refused.json()["code"]) == (412, "changed")
    assert web.get(path).json()["about"] == "two"
    assert web.delete(path, headers={"If-Match": seen}).status_code == 412
    assert web.delete(path, headers={"If-Match": f"W/{web.get(path).headers['etag']}"}).status_code == 412
    assert web.delete(path, headers={"If-Match": web.get(path).headers["etag"]}).status_code == 200


def test_of_many_who_change_what_they_saw_one_does(serving: Serving) -> None:
    import httpx2

    async def all_at_once() -> list[int]:
        import asyncio

        base = f"http://127.0.0.1:{serving.port}"
        async with httpx2.AsyncClient(base_url=base, trust_env=False) as web:
            path = "/v1/people/groups/g"
            await web.put(path, json={})
            tag = (await web.get(path)).headers["etag"]
            calls = [web.put(path, json={"about": str(n)}, headers={"If-Match": tag}) for n in range(12)]
            return sorted(answer.status_code for answer in await asyncio.gather(*calls))

    assert serving.run(all_at_once()) == [200] + [412] * 11


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v1/rules", "rules"), ("/v1/types", "types"), ("/v1/action-types", "action_types"), ("/v1/agents", "agents"),
     ("/v1/audit", "records"), ("/v1/decided", "events")],
)  # fmt: skip
def test_a_list_is_read_page_by_page_by_its_links(serving: Serving, path: str, name: str) -> None:
    for n in range(3):
        serving.post({"type": "tick", "id": f"e{n}", "data": {"n": n}})
        serving.over(f"e{n}")
    whole = serving.web.get(path).json()[name]
    found: list[Any] = []
    next_page: str | None = f"{path}?limit=1"
    while next_page is not None:
        answer = serving.web.get(next_page)
        page = answer.json()[name]
        assert len(page) <= 1
        found += page
        link = answer.links.get("next")
        next_page = link["url"] if link else None
    assert found == whole


def test_every_list_takes_pages_and_what_is_no_page_is_refused(serving: Serving) -> None:
    for call, told in OPERATIONS.items():
        if "limit" in dict(told.query) and "{id}" not in call and "secrets" not in call:
            path = call.removeprefix("GET ").replace("{kind}", "groups")
            assert serving.web.get(path, params={"limit": "2"}).status_code == 200, call
            assert serving.web.get(path, params={"limit": "x"}).json()["code"] == "parameter", call


def test_every_path_says_which_methods_it_has(serving: Serving) -> None:
    table = list(entries(lambda: serving.controller.hub, Access(lambda: serving.controller.hub)))
    for entry in table:
        path = plain(entry.path).replace("{number}", "1").replace("{", "").replace("}", "")
        answer = serving.web.request("OPTIONS", path)
        assert (answer.status_code, answer.content) == (204, b"")
        methods = {one.method for one in table if one.path == entry.path}
        assert set(answer.headers["allow"].split(", ")) == methods | {"OPTIONS"} | (
            {"HEAD"} if "GET" in methods else set()
        )


def test_an_answer_that_nobody_would_take_is_not_given(serving: Serving) -> None:
    for path, accept, status in (
        ("/v1/types", "text/html", 406),
        ("/v1/types", "text/html, */*;q=0.1", 200),
        ("/v1/types", "application/*", 200),
        ("/v1/types", "*/*, application/json;q=0", 406),
        ("/v1/types", "", 200),
        ("/docs", "text/html", 200),
        ("/docs", "application/json", 406),
        ("/metrics", "text/plain", 200),
        ("/metrics", "application/json", 406),
    ):
        answer = serving.web.get(path, headers={"Accept": accept})
        assert answer.status_code == status, (path, accept)
    refused = serving.web.get("/v1/types", headers={"Accept": "image/png"})
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "accept"
    sent = serving.web.post(
        "/v1/events", json={"type": "tick", "data": {"n": 1}}, headers={"Accept": "text/html"}
    )
    assert sent.status_code == 202, "what was done is not refused for its answer"


def test_the_head_of_a_stream_ends(serving: Serving) -> None:
    head = serving.web.head("/v1/events/e/follow")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    ("accept", "fits"),
    [
        ("application/json;q=x", True),
        (" , ", True),
        ("application/problem+json", True),
        ("text/*;q=1", False),
    ],
)
def test_accept_is_read_as_it_may_be_written(accept: str, fits: bool) -> None:
    request = Request({"type": "http", "headers": [(b"accept", accept.encode())]})
    with nullcontext() if fits else pytest.raises(Problem) as refused:
        acceptable(request, ("application/json",))
    assert fits or refused.value.status == 406


def test_tags_are_compared_as_they_are_meant() -> None:
    assert matches('W/"a", "b"', '"a"')
    assert not matches('W/"a", "b"', '"a"', strong=True)
    assert matches("*", '"a"', strong=True)
    assert not matches("*", "")


def test_the_document_says_what_hangs_on_tags(serving: Serving) -> None:
    paths = json.loads(serving.web.get("/openapi.json").content)["paths"]
    person = paths["/v1/people/{kind}/{name}"]
    assert {"If-None-Match"} <= {one["name"] for one in person["get"]["parameters"]}
    assert {"If-Match", "If-None-Match"} <= {one["name"] for one in person["put"]["parameters"]}
    assert "304" in person["get"]["responses"]
    assert set(paths["/v1/rules"]["get"]["responses"]["200"]["headers"]) == {"ETag", "Link"}


def test_tags_that_come_in_two_headers_are_one_list(serving: Serving) -> None:
    """RFC 9110, 5.3: a change that the second of them forbids is not made."""
    web = serving.web
    assert web.put("/v1/people/users/zoe", json={}).status_code == 201
    tag = web.get("/v1/people/users/zoe").headers["etag"]
    for name, status in (("If-None-Match", 412), ("If-Match", 200)):
        heads = [(name, '"another"'), (name, tag)]
        assert web.put("/v1/people/users/zoe", json={"about": "x"}, headers=heads).status_code == status
        web.put("/v1/people/users/zoe", json={})
    assert (
        web.get(
            "/v1/people/users/zoe", headers=[("If-None-Match", '"x"'), ("If-None-Match", tag)]
        ).status_code
        == 304
    )
