"""What a training does while it runs: the watch, its hooks and its probes."""
