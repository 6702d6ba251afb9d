"""What runs on a timer, or for as long as the process does: thin loops around what rooms do, and what those loops need."""
