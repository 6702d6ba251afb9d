"""What is measured side by side: nothing in between, nginx, and this gateway. What others there are is in `peers`."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.processes import Child, Failed, free_port

FAST, PACED, OPEN = "100x0ms", "100x20ms", "1000x20000ms"
"""How the double streams: as fast as it can; each chunk on its own; hardly at all. It reads it off the model's name."""
SLUGS = {FAST: "openai/gpt-5.1", PACED: "openai/gpt-5.1-chat", OPEN: "openai/gpt-5.1-codex"}
_QUESTION = "When is high water at the old harbour, and how deep is the channel then? Answer in one sentence. " * 6
_ENTREPOT = Path(sys.executable).with_name("entrepot")


class Target:
    """One column. `streams`: how many it is asked to keep open at most."""

    path = "/v1/chat/completions"

    def __init__(self, name: str, port: int, child: Child, *, streams: int = 1_000, key: str = "") -> None:
        self.name = name
        self.port = port
        self.child = child
        self.streams = streams
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.models = {manner: upstream_model(manner) for manner in SLUGS}

    def body(self, manner: str, stream: bool) -> str:
        messages = [{"role": "system", "content": "You are the harbour master."}, {"role": "user", "content": _QUESTION}]
        asked = {"model": self.models[manner], "messages": messages, "max_tokens": 256}
        return json.dumps(asked | ({"stream": True} if stream else {}), separators=(",", ":"))


def upstream_model(manner: str) -> str:
    return f"gpt-5.1-{manner}"


@contextlib.contextmanager
def double() -> Iterator[Target]:
    with Child("the double", [sys.executable, "-m", "bench.double", "0"], stdout=subprocess.PIPE) as child:
        yield Target("direct", int(child.line()), child)


@contextlib.contextmanager
def nginx(upstream: int, place: Path) -> Iterator[Target]:
    program = shutil.which("nginx")
    if program is None:
        raise FileNotFoundError("nginx")
    port, config = free_port(), place / "nginx.conf"
    # It turns streams away when only a sixteenth of its connections is free; the files are the limit meant.
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    config.write_text(_NGINX.format(place=place, port=port, upstream=upstream, files=files, connections=2 * files))
    with Child("nginx", [program, "-p", str(place), "-c", str(config), "-e", str(place / "nginx.log")]) as child:
        child.until_listening(port)
        yield Target("nginx", port, child, streams=10_000)


@contextlib.contextmanager
def entrepot(upstream: int, place: Path) -> Iterator[Target]:
    config, data = place / "entrepot.toml", place / "data"
    config.write_text(entrepot_config(upstream))
    common = ["--data-dir", str(data), "--config", str(config)]
    made = subprocess.run(
        [_ENTREPOT, "keys", "create", "--name", "bench", "--json", *common], capture_output=True, text=True, timeout=60
    )
    if made.returncode:
        raise Failed(f"entrepot keys create: {made.stderr.strip()}")
    port = free_port()
    command = [str(_ENTREPOT), "serve", "--port", str(port), *common]
    with logged("entrepot", command, port, place) as child:
        _until_answering(port)
        target = Target("entrepot", port, child, streams=10_000, key=json.loads(made.stdout)["key"])
        target.models = SLUGS
        yield target


@contextlib.contextmanager
def logged(name: str, command: list[str], port: int, place: Path, environment: dict[str, str] | None = None) -> Iterator[Child]:
    """A server that listens, with what it writes in a file of its own."""
    with (place / f"{name}.log").open("w") as log:
        with Child(name, command, stdout=log, stderr=log, env=os.environ | (environment or {})) as child:
            child.until_listening(port, 120)
            yield child


def _until_answering(port: int) -> None:
    """It takes connections before it has read its catalogue; memory at rest is what it has afterwards."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse().read()
    except OSError as error:
        raise Failed(f"entrepot does not answer: {error}") from None
    finally:
        connection.close()


def entrepot_config(upstream: int) -> str:
    text = '[catalog]\nfind_local = false\n[log]\nlevel = "warning"\n'
    text += f'[providers.double]\ndialect = "openai_chat"\nbase_url = "http://127.0.0.1:{upstream}/v1"\napi_key = ""\n'
    for manner, slug in SLUGS.items():
        text += f'[[endpoints]]\nmodel = "{slug}"\nprovider = "double"\nupstream_model = "{upstream_model(manner)}"\n'
    return text


_NGINX = """
daemon off; worker_processes 1; worker_rlimit_nofile {files}; pid {place}/nginx.pid; error_log {place}/nginx.log crit;
events {{ worker_connections {connections}; }}
http {{
  access_log off; client_body_temp_path {place}; proxy_temp_path {place}; fastcgi_temp_path {place};
  uwsgi_temp_path {place}; scgi_temp_path {place}; keepalive_requests 100000000;
  upstream double {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://double; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
  }}
}}
"""
