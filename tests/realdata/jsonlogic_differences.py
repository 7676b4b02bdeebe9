"""Published cases of JsonLogic that are imported and decide otherwise than their table says, with the reason.

`python -m tests.realdata.jsonlogic_differences` writes them into docs/explanation/differences-from-jsonlogic.md.
"""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/explanation/differences-from-jsonlogic.md"
BEGIN, END = "<!-- cases: made by tests/realdata/jsonlogic_differences.py -->\n", "<!-- end of cases -->\n"

PATTERN = "its table is about `rule_like`, which compares a rule with a pattern, and not with data"
ERROR = (
    "its table wants an error; json-logic-js goes through no elements, as the description of JsonLogic says"
)
NULL = "its table wants an error; to json-logic-js a `null` inside is a constant like any other"
ON_PURPOSE = {
    "jsonlogic-00295": PATTERN,
    "jsonlogic-00476": ERROR,
    "jsonlogic-00488": NULL,
    "jsonlogic-00498": NULL,
    "jsonlogic-00519": ERROR,
    "jsonlogic-00541": ERROR,
}


def table() -> str:
    """The cases as the page shows them."""
    return "| case | why |\n|---|---|\n" + "".join(f"| `{id}` | {why} |\n" for id, why in ON_PURPOSE.items())


def with_table(page: str) -> str:
    """The page with the cases as they are now."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
