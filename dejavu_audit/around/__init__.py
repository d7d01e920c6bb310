"""Looking around: what runs there are, what is installed, and whether this machine is fit for an audit."""
