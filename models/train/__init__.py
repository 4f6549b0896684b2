"""Training: settings, tasks, losses, optimizer, checkpoints."""
