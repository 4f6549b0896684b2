"""OpenCV is brought by the user: which of its four packages, and what to do without a working one.

opencv-python, opencv-python-headless and the contrib ones write into the same folder `cv2`. A
package that required one of them would overwrite what another one installed, so blazetrack
requires none and names the remedy where `cv2` cannot be imported.
"""

from __future__ import annotations

from blazetrack.errors import MissingOpenCV

__all__ = ["PACKAGES", "explain"]

PACKAGES = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


def explain(error: ImportError) -> MissingOpenCV | None:
    """The error in one line with a remedy, if `cv2` is what cannot be imported; else None."""
    missing = isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "cv2"
    library = ".so" in str(error) and _within_cv2(error)
    if not missing and not library:
        return None
    present = [name for name in PACKAGES if _is_installed(name)]
    if library:
        others = " ".join(name for name in present if not name.endswith("-headless"))
        remove = f"pip uninstall -y {others} && " if others else ""
        return MissingOpenCV(
            f"OpenCV cannot be loaded ({error}); its headless build needs no such library: {remove}"
            "pip install --force-reinstall --no-deps opencv-python-headless"
        )
    if present:  # two packages wrote into one folder, and one was removed
        return MissingOpenCV(
            f"OpenCV is damaged: {present[-1]} is installed, but not its module cv2; run: "
            f"pip install --force-reinstall --no-deps {present[-1]}"
        )
    return MissingOpenCV(
        'OpenCV is not installed: run pip install "blazetrack[opencv]", or '
        "pip install opencv-python-headless on a machine without a screen"
    )


def _within_cv2(error: ImportError) -> bool:
    """Whether an import failed inside the package cv2."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").split(".")[0] == "cv2":
            return True
        trace = trace.tb_next
    return False


def _is_installed(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version  # takes 10 ms

    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False
