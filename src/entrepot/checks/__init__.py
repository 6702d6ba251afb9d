"""Endpoint checks: what a provider really delivers, measured by asking it things whose right answer is known."""
