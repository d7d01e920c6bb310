"""What an encoder is good for, beside what it remembers: neighbours, linear probe, zero-shot, retrieval."""
