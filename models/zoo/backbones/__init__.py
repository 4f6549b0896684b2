"""Backbones: feature extractors without heads."""
