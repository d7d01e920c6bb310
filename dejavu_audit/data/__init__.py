"""Data sets, the split into sets, and background crops."""
