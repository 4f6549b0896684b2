"""The reference pipeline, run in an environment of its own so that nothing of it is installed here.

`environment` makes that environment once and keeps it; `answers` gives saved frames to it and
reads what it found. `run_solutions.py` and `run_tasks.py` are the scripts that the other Python
executes; nothing here imports them.
"""
