"""The boundary to the system: files, addresses, time, imports, signals, YAML text."""
