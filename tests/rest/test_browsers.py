"""What a browser may do to a hub on its machine: nothing, unless the page is the hub's own (fault row A6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rest.conftest import Serving, serve  # noqa: F401

RULES = "event tick\n  n: whole\n\nrule noted\n  on tick\n  stop\n"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "file://",
        "http://localhost@evil.example",
        "http://localhost:x@evil.example",
        "http://[::1].evil.example",
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_pages_of_other_sites_are_refused(serve: Callable[..., Serving], origin: str, kind: str) -> None:  # noqa: F811
    web = serve(RULES).web
    body = b'{"type": "tick", "data": {"n": 1}}'
    answer = web.post("/v1/events", content=body, headers={"Origin": origin, "Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (403, "origin")
    assert "access-control-allow-origin" not in answer.headers
    asked = web.options("/v1/events", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert (asked.status_code, "access-control-allow-origin" in asked.headers) == (403, False)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9"])
def test_the_hubs_own_page_may(serve: Callable[..., Serving], origin: str) -> None:  # noqa: F811
    answer = serve(RULES).web.get("/v1/types", headers={"Origin": origin})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    ["localhost:80@evil.example", "localhost:80/hooks/another?", "localhost:port", "localhost#", "[::1]evil.example",
     "localhost:123456", "localhost.evil.example", "evil.example", "localhost, evil.example", "", "localhost\\x"],
)  # fmt: skip
def test_what_is_more_than_a_host_and_a_port_is_no_host(serve: Callable[..., Serving], host: str) -> None:  # noqa: F811
    """What answers say of the address is made of `Host`: another one in it would lead there."""
    answer = serve(RULES).web.get("/v1/types/", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "host")


def test_a_host_is_known_in_any_case_and_with_any_port(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    for host in ("LocalHost", "localhost:", "localhost:1", "127.0.0.1:65535", "[::1]", "[::1]:8080"):
        assert web.get("/v1/types", headers={"Host": host}).status_code == 200, host


def test_a_form_is_no_message(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = web.post("/v1/events", content=b'{"type": "tick"}', headers={"Content-Type": kind})
        assert answer.status_code == 415


def test_large_answers_are_compressed_for_those_who_take_that(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    squeezed = web.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert squeezed.headers["content-encoding"] == "gzip"
    plain = web.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == squeezed.json()
    assert "content-encoding" not in web.get("/healthz", headers={"Accept-Encoding": "gzip"}).headers


def test_who_opens_the_hub_in_a_browser_is_led_to_the_page(serve: Callable[..., Serving]) -> None:  # noqa: F811
    web = serve(RULES).web
    answer = web.get(
        "/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    for path, accept in (("/", "*/*"), ("/", "application/json"), ("/v2", "text/html")):
        answer = web.get(path, headers={"Accept": accept}, follow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
