"""The container image: it copies all that the installation reads."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_containerfile_copies_every_folder_of_the_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options"]["package_dir"].split("\n")
    needed = {line.partition("=")[2].strip() for line in lines if line} | {"blazetrack"}
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", text, re.M) for name in line.split()}
    assert needed | {"pyproject.toml", "setup.cfg", "README.md", "LICENSE"} == copied
    assert all((ROOT / name).exists() for name in copied)
