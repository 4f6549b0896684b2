"""Benchmarks of blazetrack: parity with MediaPipe, speed, size, accuracy and tracking."""
