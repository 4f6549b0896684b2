"""Crop → detections: anchors, boxes, non-maximum suppression, the detector node."""
