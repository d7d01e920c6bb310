"""The release gate: limits on what an audit found, and a verdict by the interval."""
