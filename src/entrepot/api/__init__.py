"""HTTP paths, one file each."""
