"""Crop → landmarks, and who is who from frame to frame."""
