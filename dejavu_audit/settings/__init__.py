"""Where a setting comes from: flag, environment, dejavu.toml, default."""
