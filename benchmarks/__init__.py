"""The measures: side by side with the reference, size, and later speed and accuracy."""
