"""The version, readable by a build without importing the package."""

__version__ = "0.1.0"
