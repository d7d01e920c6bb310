"""`python -m benchmarks.figures train|audit|all`: the shape of the papers' main figures, on scenes, from scratch."""
