"""`python -m blazetrack`."""

from blazetrack.cli import main

main()
