"""Training data: people in pictures, readers, alignment, augmentation, shards and batches."""
