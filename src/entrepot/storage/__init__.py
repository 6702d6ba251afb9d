"""Engines, transactions, migrations; nothing about our business."""
