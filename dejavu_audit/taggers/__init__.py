"""Taggers: what finds the objects of a picture or of a background crop, one small file a kind."""
