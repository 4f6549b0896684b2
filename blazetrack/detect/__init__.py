"""Crops → detections."""
