"""The words all rooms speak: frozen values and pure functions over them. No I/O, no imports from other rooms."""
