"""Error tree, warnings of renamed names, hints."""

from __future__ import annotations

import pytest

from blazetrack import errors


def test_errors_share_one_root() -> None:
    classes = [
        getattr(errors, name) for name in errors.__all__ if name.endswith(("Error", "Extra"))
    ]
    assert len(classes) > 5
    assert all(issubclass(one, errors.BlazetrackError) for one in classes)


def test_errors_derive_from_builtin_exceptions() -> None:
    assert issubclass(errors.InputError, ValueError)
    assert issubclass(errors.MissingExtra, ImportError)
    assert issubclass(errors.DownloadError, errors.ModelError)


def test_missing_extra_message_is_the_pip_line() -> None:
    message = str(errors.MissingExtra("tensorflow", "tensorflow"))
    assert message == 'tensorflow is not installed: pip install "blazetrack[tensorflow]"'


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("detcet", ["detect", "crop"], "did you mean 'detect'?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], "none are known"),
        ("", ["a"], "known: a"),
    ],
)
def test_did_you_mean_gives_the_nearest_name(name: str, known: list[str], hint: str) -> None:
    assert errors.did_you_mean(name, known) == hint


def test_warn_renamed_gives_one_line() -> None:
    with pytest.warns(errors.RenamedWarning, match=r"^graph g\.yaml: 'old' is now 'new'$"):
        errors.warn_renamed("graph g.yaml", "old", "new")
