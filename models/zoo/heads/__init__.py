"""Head layers; names match `blazetrack/heads`."""
