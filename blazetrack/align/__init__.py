"""Image ↔ crop: regions of interest, cutting them out, bringing points home."""
