"""The process that serves: `listening` opens the port, `serving` runs to an orderly end, `protocol` is one client connection."""

from entrepot.server.listening import CannotListen, bind, raise_file_limit, url_of
from entrepot.server.serving import run, running, serve

__all__ = ["CannotListen", "bind", "raise_file_limit", "run", "running", "serve", "url_of"]
