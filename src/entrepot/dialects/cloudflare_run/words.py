"""The name of this dialect."""

NAME = "cloudflare_run"
