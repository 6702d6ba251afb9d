"""`ai/run` with `input`: a Responses request, answered with a response inside Cloudflare's envelope. Spoken by clients only."""
