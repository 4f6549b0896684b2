"""Helpers that several rooms of the workshop share: strict settings, commands, tables."""
