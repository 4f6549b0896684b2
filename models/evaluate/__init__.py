"""Evaluation of landmark models and detectors on labelled images."""
