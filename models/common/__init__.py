"""Helpers of all folders of `models`: base class of settings, commands, tables."""
