"""What is measured side by side: nothing in between, nginx, this gateway, and others where they are installed."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.processes import Child, Failed, free_port

FAST, PACED, OPEN = "100x0ms", "100x20ms", "1000x20000ms"
"""How the double streams: as fast as it can; each chunk on its own; hardly at all."""
_MODELS = {FAST: "openai/gpt-5.1", PACED: "openai/gpt-5.1-chat", OPEN: "openai/gpt-5.1-codex"}
_QUESTION = "When is high water at the old harbour, and how deep is the channel then? Answer in one sentence. " * 6
_ENTREPOT = Path(sys.executable).with_name("entrepot")
HOW_TO = {
    "nginx": "apt-get install nginx-light",
    "LiteLLM": "python3 -m venv .venv-peers && .venv-peers/bin/pip install 'litellm[proxy]'",
    "sglang-router": "python3 -m venv .venv-peers && .venv-peers/bin/pip install sglang-router",
    "Portkey": "npm install --prefix .venv-peers @portkey-ai/gateway",
}


class Target:
    """One column. `by_path`: the manner of streaming is in the path, as the double reads it; else in the model's name."""

    def __init__(self, name: str, port: int, child: Child, *, by_path: bool = False, key: str = "") -> None:
        self.name = name
        self.port = port
        self.child = child
        self.by_path = by_path
        self.key = key
        self.headers: dict[str, str] = {}
        self.manners: tuple[str, ...] = (FAST, PACED, OPEN)

    def path(self, manner: str) -> str:
        return f"/{manner}/v1/chat/completions" if self.by_path else "/v1/chat/completions"

    def body(self, manner: str, stream: bool) -> str:
        messages = [{"role": "system", "content": "You are the harbour master."}, {"role": "user", "content": _QUESTION}]
        asked = {"model": _MODELS[manner], "messages": messages, "max_tokens": 256}
        return json.dumps(asked | ({"stream": True} if stream else {}), separators=(",", ":"))


@contextlib.contextmanager
def double() -> Iterator[Target]:
    with Child("the double", [sys.executable, "-m", "bench.double", "0"], stdout=subprocess.PIPE) as child:
        yield Target("direct", int(child.first_line()), child, by_path=True)


@contextlib.contextmanager
def nginx(upstream: int, place: Path) -> Iterator[Target]:
    port = free_port()
    config = place / "nginx.conf"
    config.write_text(_NGINX.format(place=place, port=port, upstream=upstream))
    command = [_found("nginx"), "-p", str(place), "-c", str(config), "-e", str(place / "nginx.log")]
    with Child("nginx", command) as child:
        child.until_listening(port)
        yield Target("nginx", port, child, by_path=True)


@contextlib.contextmanager
def entrepot(upstream: int, place: Path) -> Iterator[Target]:
    config, data = place / "entrepot.toml", place / "data"
    config.write_text(_entrepot_config(upstream))
    common = ["--data-dir", str(data), "--config", str(config)]
    made = subprocess.run(
        [_ENTREPOT, "keys", "create", "--name", "bench", "--json", *common], capture_output=True, text=True, timeout=60
    )
    if made.returncode:
        raise Failed(f"entrepot keys create: {made.stderr.strip()}")
    port = free_port()
    command = [str(_ENTREPOT), "serve", "--port", str(port), *common]
    with (place / "entrepot.log").open("w") as log, Child("entrepot", command, stdout=log, stderr=log) as child:
        child.until_listening(port)
        _until_answering(port)
        yield Target("entrepot", port, child, key=json.loads(made.stdout)["key"])


@contextlib.contextmanager
def litellm(upstream: int, place: Path) -> Iterator[Target]:
    port, config = free_port(), place / "litellm.yaml"
    rows = [
        {
            "model_name": slug,
            "litellm_params": {"model": "openai/gpt-5.1", "api_base": _base(upstream, manner), "api_key": "none"},
        }
        for manner, slug in _MODELS.items()
    ]
    config.write_text(json.dumps({"model_list": rows, "litellm_settings": {"drop_params": True}}))
    command = [_found("litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    yield from _logged("LiteLLM", command, port, place)


@contextlib.contextmanager
def sglang_router(upstream: int, place: Path) -> Iterator[Target]:
    port = free_port()
    at = ["--worker-urls", f"http://127.0.0.1:{upstream}", "--host", "127.0.0.1", "--port", str(port)]
    command = [_found("python3"), "-m", "sglang_router.launch_router", *at]
    if not list(_PEERS.glob("lib/python*/site-packages/sglang_router")):
        raise FileNotFoundError("sglang-router")
    for target in _logged("sglang-router", command, port, place):
        target.manners = (FAST,)
        yield target


@contextlib.contextmanager
def portkey(upstream: int, place: Path) -> Iterator[Target]:
    port, script = free_port(), _PEERS / "node_modules/@portkey-ai/gateway/build/start-server.js"
    if not script.exists():
        raise FileNotFoundError("Portkey")
    for target in _logged("Portkey", [_found("node"), str(script), f"--port={port}", "--headless"], port, place):
        target.headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": _base(upstream, FAST)}
        target.key, target.manners = "none", (FAST,)
        yield target


_PEERS = Path(".venv-peers")
PEERS = {"nginx": nginx, "entrepot": entrepot, "LiteLLM": litellm, "sglang-router": sglang_router, "Portkey": portkey}


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


def _logged(name: str, command: list[str], port: int, place: Path) -> Iterator[Target]:
    with (place / f"{name}.log").open("w") as log, Child(name, command, stdout=log, stderr=log) as child:
        child.until_listening(port, 120)
        yield Target(name, port, child)


def _found(program: str) -> str:
    """Where a program is: among the peers, beside this Python, or on the path. raises FileNotFoundError"""
    for folder in (_PEERS / "bin", None):
        path = shutil.which(program, path=str(folder)) if folder else shutil.which(program)
        if path:
            return str(Path(path).absolute())
    raise FileNotFoundError(program)


def _base(upstream: int, manner: str) -> str:
    return f"http://127.0.0.1:{upstream}/{manner}/v1"


def _entrepot_config(upstream: int) -> str:
    text = '[catalog]\nfind_local = false\n[log]\nlevel = "warning"\n'
    for manner, model in _MODELS.items():
        text += f'[providers.b{manner}]\ndialect = "openai_chat"\nbase_url = "{_base(upstream, manner)}"\napi_key = ""\n'
        text += f'[[endpoints]]\nmodel = "{model}"\nprovider = "b{manner}"\n'
    return text


_NGINX = """
daemon off; worker_processes 1; worker_rlimit_nofile 24000; pid {place}/nginx.pid; error_log {place}/nginx.log crit;
events {{ worker_connections 22000; }}
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
