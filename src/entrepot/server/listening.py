"""Where the server listens: an address of this machine and a port, or words on why they cannot be had."""

from __future__ import annotations

import socket

BACKLOG = 4096


class CannotListen(OSError):
    """The address cannot be had; the message says why and what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. raises CannotListen"""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"{host} is not an address of this machine ({error.strerror}). Give another --host.") from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(_why(host, port, error)) from None
    listening.setblocking(False)
    return listening


def url_of(listening: socket.socket) -> str:
    """Where it answers, as people type it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


def raise_file_limit() -> int:
    """As many open connections as the system allows this process; gives the number."""
    try:
        import resource
    except ImportError:
        return 0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno in (98, 48, 10048):
        return f"Port {port} of {host} is in use. Give another with --port, --port 0 for a free one, or stop what uses it."
    if error.errno == 13:
        return f"Port {port} may not be opened by this user. Give one above 1023 with --port."
    return f"{host}:{port} cannot be opened ({error.strerror}). Give another --host or --port."
