"""What the site is beyond its pages: its order, links that lead out of the pages, and llms.txt (llmstxt.org)."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

SECTIONS = (
    ("Guides", "guides"), ("Tutorials", "tutorials"), ("How to", "how-to"), ("Reference", "reference"),
    ("Diagnostics", "codes"), ("Explanation", "explanation"), ("Decisions", "decisions"),
)  # fmt: skip
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
_OPENING = re.compile(r"^( *`{3,}\w*)(?: (title=\"[^\"]*\"))?[^`\n]*(\n)")
"""The first line of a block: what the tests are told beside the title is nothing for readers."""
_FENCE = re.compile(r"^( *)(`{3,}).*?^\1\2 *$", re.MULTILINE | re.DOTALL)


def on_config(config: Any) -> Any:
    """Every page has its place: the first one, then each folder by name."""
    docs = Path(config["docs_dir"])
    nav: list[Any] = [{"Atamo": "index.md"}]
    for title, folder in SECTIONS:
        pages = [f"{folder}/{page.name}" for page in sorted((docs / folder).glob("*.md"))]
        nav.append({title: pages})
    nav[-2]["Explanation"].insert(0, "architecture.md")
    config["nav"] = nav
    return config


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """A link to what is no page, such as a file of the tests, is its text: the site has no such file."""
    here = posixpath.dirname(page.file.src_uri)

    def plain(found: re.Match[str]) -> str:
        target = found["target"].split("#")[0]
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        leads_out = posixpath.normpath(posixpath.join(here, target)).startswith("..")
        return found["text"] if leads_out else found[0]

    pieces, last = [], 0
    for fence in _FENCE.finditer(markdown):
        pieces += [_LINK.sub(plain, markdown[last : fence.start()]), _OPENING.sub(_opened, fence[0], count=1)]
        last = fence.end()
    return "".join(pieces) + _LINK.sub(plain, markdown[last:])


def on_post_build(config: Any) -> None:
    """llms.txt, beside every page the text that it was made of, and the schemas that editors complete files by."""
    docs, site = Path(config["docs_dir"]), Path(config["site_dir"])
    lines = [f"# {config['site_name']}", "", f"> {config['site_description']}"]
    for title, folder in (("Start", "."), *SECTIONS):
        lines += ["", f"## {title}", ""]
        for page in sorted((docs / folder).glob("*.md")):
            text, name = page.read_text("utf-8"), page.relative_to(docs)
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text, "utf-8")
            lines.append(f"- [{_title(text)}]({name.as_posix()})")
    (site / "schemas").mkdir(exist_ok=True)
    for schema in (docs.parent / "grammar").glob("*.schema.json"):
        (site / "schemas" / schema.name).write_bytes(schema.read_bytes())
    (site / "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")


def _opened(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2]}{found[3]}" if found[2] else f"{found[1]}{found[3]}"


def _title(text: str) -> str:
    return next((line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")), "")
