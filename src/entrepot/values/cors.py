"""What pages of other origins may read: any answer, and these of its headers."""

EXPOSED = b"X-Generation-Id, X-Request-Id, Request-Id, X-Entrepot-Adjusted, Retry-After, ETag"
CORS_LINES = b"access-control-allow-origin: *\r\naccess-control-expose-headers: %b\r\n" % EXPOSED
