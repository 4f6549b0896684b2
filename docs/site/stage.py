"""Copy the pages of the site, and all files that they link to, into a folder.

    python docs/site/stage.py FOLDER

The pages lie in several folders of the project and link to each other as files. The copy has the
same tree, so that every link of it works in the checkout and on the site.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!\w+:)([^)\s#]+)[^)]*\)")
FIRST = ("README.md", "docs/README.md", "docs/site/api.md", "docs/release.md")


def linked(page: Path) -> list[Path]:
    """The files of the project that a page links to."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = [(page.parent / target).resolve() for target in LINK.findall(text)]
    return [path for path in found if path.is_file() and path.is_relative_to(ROOT)]


def all_files() -> set[Path]:
    """The pages that can be reached from the first ones, and the other files that they link to."""
    found: set[Path] = set()
    waiting = [ROOT / name for name in FIRST]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += linked(path) if path.suffix == ".md" else []
    return found


def main(folder: Path) -> None:
    """Fill the folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in sorted(all_files()):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
