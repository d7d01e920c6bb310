"""The studies of the bench: what an audit says in worlds whose truth is known."""
