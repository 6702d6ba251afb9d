"""Entrepot, the trading port for language models. Read `pipeline.py` first: it is the story of one generation."""

__version__ = "0.1.0"
