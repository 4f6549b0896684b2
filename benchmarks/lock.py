"""The former name of `benchmarks.follow`, kept for one release."""

import sys

import typer

from benchmarks.follow import main

if __name__ == "__main__":
    print("benchmarks.lock is now benchmarks.follow", file=sys.stderr)
    typer.run(main)
