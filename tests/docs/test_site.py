"""The site: built strictly, loading nothing from elsewhere, looked at in a real Chromium, wide and narrow, light and
dark (`ATAMO_PICTURES=DIR` keeps what was seen)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    "",
    "guides/1-a-hub-beside-a-form/",
    "reference/language/",
    "reference/cli/",
    "reference/grammar/",
    "explanation/compared/",
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("material") is None:
        pytest.skip("the site is made with the dependency group `docs`")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        loaded = re.findall(
            r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=\"?(?:https?:)?//[^\">\s]+", text
        )
        assert not [one for one in loaded if 'rel="canonical"' not in one], page


def test_every_page_is_in_the_site_and_in_llms_txt(site: Path) -> None:
    told = (site / "llms.txt").read_text("utf-8")
    docs = ROOT / "docs"
    for page in docs.rglob("*.md"):
        name = page.relative_to(docs).as_posix()
        assert f"]({name})" in told, name
        assert (site / name).read_text("utf-8") == page.read_text("utf-8")
        made = site / name.removesuffix(".md") / "index.html" if name != "index.md" else site / "index.html"
        assert made.exists(), name
        assert "```" not in re.sub(r"<(code|pre)\b.*?</\1>", "", made.read_text("utf-8"), flags=re.DOTALL), (
            name
        )


def test_rules_are_in_colours(site: Path) -> None:
    page = (site / "how-to" / "links" / "index.html").read_text("utf-8")
    assert (
        '<span class="k">event</span><span class="w"> </span><span class="nc">ticket.created</span>' in page
    )


def test_editors_find_the_schemas_of_files(site: Path) -> None:
    for name in ("ruleset.schema.json", "config.schema.json"):
        assert (site / "schemas" / name).read_bytes() == (ROOT / "grammar" / name).read_bytes()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None or find_spec("playwright") is None:
        pytest.skip("this needs Chromium, and playwright from the dependency group `docs`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_in_a_browser_and_ask_nobody_else(
    address: str, chromium: Any, width: int, scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    for name in PAGES:
        page.goto(f"{address}/{name}", wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", light)[:3])) > 384) is (scheme == "light"), light
        if folder := os.environ.get("ATAMO_PICTURES"):
            page.screenshot(
                path=str(Path(folder) / f"{name.replace('/', '-') or 'first-'}{width}-{scheme}.png")
            )
    assert not faults
    assert not [url for url in asked if not url.startswith((address, "data:"))]
    page.close()


def test_a_word_is_found(address: str, chromium: Any) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address, wait_until="load")
    page.locator("input.md-search__input").click()
    page.keyboard.type("dead letter", delay=20)
    page.locator(".md-search-result__item a").first.wait_for(timeout=20_000)
    assert page.locator(".md-search-result__item").count() > 2
    page.close()


def test_what_is_copied_of_a_terminal_can_be_pasted_into_one(address: str, chromium: Any) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/how-to/operate/", wait_until="load")
    page.locator("[data-md-type=copy]").nth(1).click()
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert [line for line in copied if line][:2] == [
        "atamo get rules --on visitor.arrived",
        "atamo get rule greet_french",
    ]
    context.close()
