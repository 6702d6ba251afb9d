"""Wire formats, one file each, both directions."""
