"""Counting what came back: meter, token counts, cost."""
