"""MediaPipe as the reference, in virtual environments of its own.

`environment` makes and caches them, `results` runs saved frames through one, `workers` times
several implementations side by side. The scripts `run_*.py`, `serve_*.py` and `time_*.py` run
under the Python of such an environment; nothing here imports them.
"""
