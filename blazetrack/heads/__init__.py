"""What a network's tensors mean: decode for running, encode for training, numpy only."""
