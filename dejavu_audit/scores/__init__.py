"""The scores: pure functions on arrays, no I/O, nothing of ours imported."""
