"""The pipeline for devices without Python: what they run, and what they are tested against."""
