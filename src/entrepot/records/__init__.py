"""What happened: generations and their attempts."""
