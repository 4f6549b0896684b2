"""Installed size by package."""

from __future__ import annotations

from pathlib import Path

from benchmarks.footprint import report
from benchmarks.reference.installed_size import OTHER, package_sizes


def install(site: Path, name: str, files: dict[str, int]) -> None:
    """A package as pip leaves it: its files and a list of them."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    for file, size in files.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_bytes(bytes(size))
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_package_sizes_are_by_owner_in_descending_order(tmp_path: Path) -> None:
    install(tmp_path, "small", {"small/a.py": 10})
    install(tmp_path, "large", {"large/a.py": 1000, "large/b.so": 2000})
    assert {name: size for name, size in package_sizes(tmp_path).items() if name != OTHER} == {
        "large": 3000,
        "small": 10,
    }
    assert next(iter(package_sizes(tmp_path))) == "large"


def test_package_sizes_exclude_pip(tmp_path: Path) -> None:
    install(tmp_path, "pip", {"pip/a.py": 5000})
    assert "pip" not in package_sizes(tmp_path)


def test_report_sums_packages() -> None:
    installed = report({"blazetrack": {"one": 3, "two": 4}})["installed"]
    assert installed["blazetrack"] == {"bytes": 7, "packages": {"one": 3, "two": 4}}
