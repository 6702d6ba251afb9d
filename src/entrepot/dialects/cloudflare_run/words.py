"""The names of this dialect, and of its other form: a body with `input`."""

NAME = "cloudflare_run"
RESPONSES = "cloudflare_run_responses"
