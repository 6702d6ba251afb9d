"""The text of a PDF, read by pypdf in a process of its own: a hostile file can use up its time and memory and nothing else's.

Run as `python -m entrepot.files.pdf`: the file comes on standard input, the text goes as JSON to standard output.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import sys

import msgspec

from entrepot.errors import InvalidRequest

_MEMORY_BYTES = 1 << 30
_MOST_PAGES = 2_000
_MOST_CHARACTERS = 4_000_000
_AT_ONCE = 4


class PdfText(msgspec.Struct, frozen=True):
    """`hash` names the file by its bytes, so that its text need not be read twice."""

    hash: str
    pages: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(self.pages)


class _Told(msgspec.Struct):
    pages: tuple[str, ...] = ()
    problem: str = ""


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class PdfReader:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def read(self, data: bytes, field: str) -> PdfText:
        """raises  InvalidRequest, for what is no PDF, is locked, has no text, or takes too long"""
        async with self._turns:
            told = await self._ask(data, field)
        if told.problem:
            raise _refused(field, told.problem)
        if not any(page.strip() for page in told.pages):
            raise _refused(field, "it has no text in it, only pictures", "Use a model that reads files itself.")
        return PdfText(hash_of(data), told.pages)

    async def _ask(self, data: bytes, field: str) -> _Told:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            str(int(self._seconds) + 1),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self._seconds):
                out, _ = await process.communicate(data)
        except TimeoutError:
            raise _refused(field, f"its text could not be read within {self._seconds:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            return msgspec.json.decode(out, type=_Told)
        except msgspec.DecodeError:
            return _Told(problem="it is broken, or too large to be read")


def _refused(field: str, why: str, remedy: str = "") -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` cannot be read: {why}.",
        field=field,
        expected="a PDF with text in it, not locked",
        received=why,
        remedy=remedy or "Send another file, or its text.",
    )


# In the process of its own


def _bound(seconds: int) -> None:
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _extract(data: bytes) -> dict[str, object]:
    from pypdf import PdfReader as Parser
    from pypdf.errors import PyPdfError

    try:
        parsed = Parser(io.BytesIO(data))
        if parsed.is_encrypted and not parsed.decrypt(""):
            return {"problem": "it is locked with a password"}
        pages, size = [], 0
        for page in parsed.pages[:_MOST_PAGES]:
            text = page.extract_text()
            size += len(text)
            if size > _MOST_CHARACTERS:
                return {"problem": f"it has more than {_MOST_CHARACTERS:,} characters"}
            pages.append(text.encode(errors="replace").decode())
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OSError,
        MemoryError,
    ) as error:
        return {"problem": f"it is no PDF that can be read ({type(error).__name__})"}
    return {"pages": pages}


if __name__ == "__main__":
    _bound(int(sys.argv[1]))
    sys.stdout.write(json.dumps(_extract(sys.stdin.buffer.read())))
