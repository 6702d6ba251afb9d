"""Who is calling: keys."""
