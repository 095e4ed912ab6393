"""From files of pairs to examples on disk: read, split, cut into pieces, by several processes."""
