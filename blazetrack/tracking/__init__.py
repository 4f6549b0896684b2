"""The stages that carry people from frame to frame."""
