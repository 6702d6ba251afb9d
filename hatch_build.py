"""Placeholder replaced by the asset build."""
