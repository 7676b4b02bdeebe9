"""Takes the pictures of the guides anew: `python -m tests.docs.pictures`. It needs Xvfb, tkinter and Pillow."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.docs.guides import FOLDER, GUIDES, build, drive, screen, scripts

if __name__ == "__main__":
    (FOLDER / "pictures").mkdir(exist_ok=True)
    with screen() as display:
        for page in GUIDES:
            with tempfile.TemporaryDirectory() as place:
                build(page, Path(place))
                for script, _ in scripts(page)[-1:]:
                    drive(Path(place), script, display, FOLDER / "pictures" / f"{page.stem}.png")
