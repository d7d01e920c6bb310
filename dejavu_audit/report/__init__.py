"""What an audit leaves behind: the result, its files, its table in the terminal."""
