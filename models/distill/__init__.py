"""Labels from other networks: pseudo-labels, test-time augmentation, detector distillation."""
