"""Views of a run on this machine's screen: the window, its drawing, its display."""
