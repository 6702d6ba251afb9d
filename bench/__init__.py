"""What the gateway costs on this machine: `python -m bench`. Nothing here is asserted in a test."""
