"""Which endpoints, in which order, and why."""
