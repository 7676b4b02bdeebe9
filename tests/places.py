"""Project folders for tests: names to texts, written below a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

ORDERS = """
pack shop

event order.placed "A customer placed an order"
  id: text
  total: money
  note: text?

agent desk
  uses file
    path: "out/desk.log"
  send note
    line: text

rule big_order "Somebody should look at large orders"
  on order.placed
  when total > 100
  do
    send desk.note
      line: "Order {{ id }} over {{ total }}{{ note | default('') }}"
  test "a large order is noted"
    given order.placed { id: "1", total: 120 }
    expect desk.note
  test "a small one is not"
    given order.placed { id: "1", total: 20 }
    expect nothing
"""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write texts below a folder, and give the folder back."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), "utf-8")
    return folder
