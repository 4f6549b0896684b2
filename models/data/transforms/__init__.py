"""Crops, augmentation and mosaics."""
