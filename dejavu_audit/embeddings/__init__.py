"""Streaming pictures through encoders, and the on-disk store of what came out."""
