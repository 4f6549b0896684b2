"""The place of `framework.formats` in MediaPipe."""
