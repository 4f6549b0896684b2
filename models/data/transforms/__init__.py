"""Transforms of annotated images: crops, augmentation, mosaics, and the view of a detector."""
