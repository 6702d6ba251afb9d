"""What runs on a timer: each a thin loop around what a room does. All of them run until they are cancelled."""
