"""Mutated inputs of every kind, and what blazetrack does with them; see `__main__`."""
