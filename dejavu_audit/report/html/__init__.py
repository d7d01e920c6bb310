"""report.html: all that an audit found in one file that people open, send and print; it asks nothing of a network."""
