"""The pass over every picture before anything is embedded: hashes, thumbnails, sizes and statistics of the pixels."""
