"""Training data: annotated images, readers, transforms, targets, packs and batches."""
