"""Encoder families, one small file each, behind the protocol of `dejavu_audit.types`."""
