"""Image ↔ crop: regions of interest, resampling, projection of landmarks into the image."""
