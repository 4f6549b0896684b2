"""`python FILE.zip`: the entry point of a packed run, copied into the file as `__main__.py`.

pip install "keras>=3.6" torch opencv-python-headless pydantic pyyaml typer rich
python FILE.zip --minutes 60 --out runs/mine
python FILE.zip --resume --minutes 60 --out runs/mine
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

REQUIRED = {
    "keras": '"keras>=3.6"',
    "cv2": "opencv-python-headless",
    "pydantic": "pydantic",
    "yaml": "pyyaml",
    "typer": "typer",
    "rich": "rich",
}
BACKENDS = ("torch", "jax", "tensorflow")  # without KERAS_BACKEND, the first that is installed


def _check_machine() -> None:
    """End the process with one line if something is missing; choose the Keras backend."""
    missing = [name for module, name in REQUIRED.items() if not find_spec(module)]
    if sys.hexversion < 0x30A0000:
        _fail(f"needs Python 3.10 or newer, got {sys.version.split()[0]}")
    if missing:
        _fail(f"missing packages: pip install {' '.join(missing)}")
    if "KERAS_BACKEND" not in os.environ:
        found = next(filter(find_spec, BACKENDS), None)
        if found is None:
            _fail("needs torch or jax: pip install torch")
        os.environ["KERAS_BACKEND"] = str(found)


def _fail(line: str) -> None:
    print(f"{os.path.basename(sys.argv[0])}: {line}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    _check_machine()
    from blazetrack.cli.entry_point import run_app
    from models.train.pack_file import app

    run_app(app, os.path.basename(sys.argv[0]), f"python {sys.argv[0]}")
