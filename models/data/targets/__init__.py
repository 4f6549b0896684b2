"""Training targets, one file per head."""
