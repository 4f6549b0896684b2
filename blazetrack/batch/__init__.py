"""Many files: one result per file, an index of all, on all cores or on a Ray cluster."""

from blazetrack.batch.run import Progress, Summary, run_batch

__all__ = ["Progress", "Summary", "run_batch"]
