"""The inference tests: what is asked of an encoder and of its references, and how the answers are judged."""
