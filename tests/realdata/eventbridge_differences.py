"""Cases of event-ruler and quamina that Atamo answers otherwise on purpose, with the reason.

`python -m tests.realdata.eventbridge_differences` writes them into docs/explanation/differences-from-eventbridge.md.
"""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/explanation/differences-from-eventbridge.md"
BEGIN, END = "<!-- cases: made by tests/realdata/eventbridge_differences.py -->\n", "<!-- end of cases -->\n"

OLD_ENGINE = (
    "the test calls `rulesForEvent`, deprecated because it takes fields of different elements of an array together; "
    "`rulesForJSONEvent` and EventBridge do not match"
)
NO_OVERRIDING = (
    "the test builds a machine that refuses a field given twice; by default event-ruler takes the last, and so does "
    "the import, with a warning"
)
ON_PURPOSE = {
    "event-ruler-01047": OLD_ENGINE,
    "event-ruler-set-00158": OLD_ENGINE,
    "event-ruler-reject-00003": NO_OVERRIDING,
    "event-ruler-reject-00071": NO_OVERRIDING,
}
UNTOLD = {
    "quamina-set-00007": "only without `--dialect quamina`: the pattern has a number of more digits than a float "
    "keeps, which quamina rounds and event-ruler compares as text",
}
"""Cases that are answered as their engine does once the dialect is named."""


def table() -> str:
    """The cases as the page shows them."""
    rows = [f"| `{id}` | {why} |\n" for id, why in {**ON_PURPOSE, **UNTOLD}.items()]
    return "| case | why |\n|---|---|\n" + "".join(rows)


def with_table(page: str) -> str:
    """The page with its cases made anew."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
