"""Drawn people with known joints, for the demo, tests and training."""
