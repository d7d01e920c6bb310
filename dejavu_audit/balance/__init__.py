"""Is the control drawn like the targets, and how to weigh it so that it is (method: 4.3)."""
