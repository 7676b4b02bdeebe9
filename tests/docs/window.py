"""Drives the window of a guide as its page drives the terminal, and takes pictures. Run in the guide's folder, with a
display: `python window.py PICTURE < SCRIPT`. What the form shows is printed as the terminal would.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from typing import Any

sys.path.insert(0, os.getcwd())
PATIENCE = 30.0


def main(picture: str) -> None:
    """Run `desk.py` with a window that the lines of standard input use."""
    import form  # type: ignore[import-not-found]

    class Driven(form.Window):  # type: ignore[misc, name-defined]
        """The window, pressed and typed into by a script."""

        def __init__(self, title: str) -> None:
            super().__init__(title)
            self.root.geometry("+0+0")
            self.presses: dict[str, Any] = {}
            self.script = [line.strip() for line in sys.stdin if line.strip()]
            self.shown: list[str] = []
            self.since = 0
            self.begun = time.monotonic()

        def button(self, name: str, press: Any) -> None:
            super().button(name, press)
            self.presses[name] = press

        def row(self, text: str) -> None:
            super().row(text)
            self.note(f"| {text}")

        def say(self, text: str) -> None:
            super().say(text)
            self.note(f"> {text}")

        def step(self, text: str) -> None:
            super().step(text)
            self.shown.append(f"  . {text}")

        def note(self, text: str) -> None:
            self.shown.append(text)
            print(text, flush=True)

        def run(self) -> None:
            self.root.after(100, self.go_on)
            super().run()

        def go_on(self) -> None:
            """One line of the script; `until` is looked at again until it holds."""
            if time.monotonic() - self.begun > PATIENCE:
                print(f"[never came: {self.script[0]}]", flush=True)
                self.script = []
            if not self.script:
                self.root.after(150, self.end)
                return
            word, _, rest = self.script[0].partition(" ")
            if word == "until" and not any(rest in line for line in self.shown[self.since :]):
                self.root.after(20, self.go_on)
                return
            self.script.pop(0)
            if word == "type":
                self.entry.delete(0, "end")
                self.entry.insert(0, rest)
            elif word in self.presses:
                print(f"[{word}]", flush=True)
                self.since = len(self.shown)
                self.root.after(1, self.presses[word])
            self.root.after(20, self.go_on)

        def end(self) -> None:
            if picture:
                self.root.update()
                grab(self.root, picture)
            self.root.destroy()

    form.Window = Driven
    sys.argv = ["desk.py"]
    runpy.run_path("desk.py", run_name="__main__")


def grab(root: Any, picture: str) -> None:
    """What the window looks like."""
    from PIL import ImageGrab

    left, top = root.winfo_rootx(), root.winfo_rooty()
    box = (left, top, left + root.winfo_width(), top + root.winfo_height())
    image = ImageGrab.grab(bbox=box, xdisplay=os.environ["DISPLAY"])
    image.convert("P", palette=1, colors=64).save(picture, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
