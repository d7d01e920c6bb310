"""Membership: which data encoders were trained on, and what follows for the sets of an audit."""
