"""Vectors that were paid for a moment ago and may not be on the log yet: what failed or crashed then is not paid twice.

Every answer is kept by whose it is, in memory and appended to a file of the process, before anybody uses it: the rest
of a batch may fail, the process be killed, or its work go to another. The file outlives the process; another one on the
same machine that has the same text to do finds the vector there. Only vectors and digests are written, no text.
"""

import asyncio
import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muniment.producers.embedding.embedder import Embedded, Embedder, Purpose, nothing
from muniment.producers.own_folder import remove

KEPT_S = 900.0
"""How long an answer is of use: by then its work was taken up and is on the log. None is kept for twice as long."""
FILE_BYTES = 16 * 1024 * 1024
"""Past this a process begins a new file and drops the one before its last: more than its unfinished work ever is."""
HEARD_S = 3.0
"""After so long every process on this machine has heard of destroyed keys (it looks once a second)."""
_DIGEST = 16
_HALF = np.dtype("<f2")
"""What the log keeps of a vector anyway."""
_OWNER: ContextVar[str] = ContextVar("muniment_owner", default="")
Vectors = dict[bytes, NDArray[np.float16]]


@contextmanager
def paying_for(tenant: str) -> Iterator[None]:
    """What is embedded inside is this tenant's: a vector is only ever given to whom it was bought for."""
    token = _OWNER.set(tenant)
    try:
        yield
    finally:
        _OWNER.reset(token)


def owner() -> str:
    """Whose texts are embedded here and now; empty when nobody said so, and then nothing is remembered."""
    return _OWNER.get()


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    path: Path
    descriptor: int
    began: float
    vectors: Vectors = field(default_factory=dict)


class Paid:
    """The files of all processes on this machine that share a folder, for vectors of one model and length.

    A disk that takes nothing is no failure: then a crash costs what it costs without this. Threads may share one.
    """

    def __init__(self, folder: Path, model: str, dimensions: int) -> None:
        self._folder = folder / f"{blake2b(model.encode(), digest_size=8).hexdigest()}-{dimensions}"
        self._size = _DIGEST + dimensions * _HALF.itemsize
        self._own: list[_File] = []
        self._written = 0
        self._found: dict[Path, tuple[int, Vectors]] = {}
        self._barred: set[Path] = set()
        self._epoch = 0
        self._lock = threading.RLock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, no other thread notes or forgets anything."""
        with self._lock:
            yield

    @property
    def epoch(self) -> int:
        """Goes up with every `forget`: an answer to what was asked for in an earlier one is not to be noted."""
        return self._epoch

    def note(self, whose: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep what has just been answered."""
        if not whose:
            return
        halves = np.ascontiguousarray(vectors, _HALF)
        records = [(digest(whose, text), half) for text, half in zip(texts, halves, strict=True)]
        with self._lock, suppress(OSError):
            if not self._own or self._written >= FILE_BYTES or time.monotonic() - self._own[-1].began > KEPT_S:
                self._begin()
            self._own[-1].vectors.update(records)
            data = b"".join(mark + half.tobytes() for mark, half in records)
            self._written += os.write(self._own[-1].descriptor, data)

    def known(self, whose: str, texts: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors that this or another process, living or gone, was given for these texts of an owner."""
        with self._lock:
            with suppress(OSError):
                self._refresh()
            places = [*(file.vectors for file in self._own), *(vectors for _, vectors in self._found.values())]
            found = {}
            for text in texts:
                wanted = digest(whose, text)
                vector = next((vectors[wanted] for vectors in places if wanted in vectors), None)
                if vector is not None:
                    found[text] = vector.astype(np.float32)
            return found

    def forget(self) -> None:
        """Keep nothing of what was answered so far, neither own files nor those of processes that are gone.

        For an erasure: a file does not say whose text a vector is of, and all it costs is to pay for a few again.
        The file of a living process is its own to drop, which it does when it hears of the erasure; nothing is taken
        from it any more until then.
        """
        with self._lock:
            self._epoch += 1
            for path in [file.path for file in self._own]:
                self._drop(path)
            self._found.clear()
        # Once more: a process that had not heard yet may have begun another file, and this one have read it.
        asyncio.get_running_loop().call_later(HEARD_S, self._found.clear)
        with self._lock, suppress(OSError):
            for path in self._folder.iterdir():
                self._barred.add(path)
                # All processes hear of the erasure: another one may have removed it just now.
                with suppress(FileNotFoundError):
                    if _left(path):
                        _away(path)

    def close(self) -> None:
        """Let go of the own files: from here on they are those of a process that is gone."""
        with self._lock:
            for file in self._own:
                os.close(file.descriptor)
            self._own.clear()

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        prefix = f"{os.getpid()}-{time.time_ns() // 1_000_000}-"
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=prefix)
        # The kernel drops the lock with the process, however that ends: it says whose file may be read.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Never taken back, as it may be another thread's: a file that is dropped by then is not dropped again.
        asyncio.get_running_loop().call_later(2 * KEPT_S, self._drop, Path(name))
        self._own.append(_File(Path(name), descriptor, time.monotonic()))
        self._written = 0
        if len(self._own) > 2:  # noqa: PLR2004 - the one that is written and the one before it
            self._drop(self._own[0].path)

    def _drop(self, path: Path) -> None:
        with self._lock:
            for file in [one for one in self._own if one.path == path]:
                self._own.remove(file)
                os.close(file.descriptor)
                _away(path)

    def _refresh(self) -> None:
        mine = {file.path for file in self._own}
        others = {path for path in self._folder.iterdir() if path not in mine}
        self._barred &= others
        there = others - self._barred
        for path in self._found.keys() - there:
            del self._found[path]
        now = time.time()
        for path in there:
            with suppress(FileNotFoundError):
                status = path.stat()
                if now - status.st_mtime <= KEPT_S:
                    self._read_on(path, status.st_size)
                elif _left(path):
                    _away(path)
                    self._found.pop(path, None)

    def _read_on(self, path: Path, size: int) -> None:
        """Take what was appended since the last look, but for a record that is half written or was cut by a kill."""
        begin, vectors = self._found.get(path, (0, {}))
        whole = size - size % self._size
        if whole <= begin:
            return
        with path.open("rb") as file:
            file.seek(begin)
            data = file.read(whole - begin)
        for start in range(0, len(data) - self._size + 1, self._size):
            record = data[start : start + self._size]
            vectors[record[:_DIGEST]] = np.frombuffer(record, _HALF, offset=_DIGEST)
        self._found[path] = (begin + len(data) - len(data) % self._size, vectors)


class RememberingEmbedder:
    """An embedder that pays for nothing that its owner has paid for a moment ago; `inner` notes what is answered."""

    def __init__(self, inner: Embedder, paid: Paid) -> None:
        self._inner, self._paid = inner, paid

    @property
    def model(self) -> str:
        """The model's name."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """Embed `texts`; tokens are those of the texts that had to be asked for. Questions are never remembered."""
        whose = owner()
        known = self._paid.known(whose, texts) if whose and purpose == "passage" else {}
        if not known:
            return await self._inner.embed(texts, purpose=purpose)
        asked = [text for text in texts if text not in known]
        fresh = await self._inner.embed(asked, purpose=purpose) if asked else nothing(self.dimensions)
        vectors = known | dict(zip(asked, fresh.vectors, strict=True))
        return Embedded(np.stack([vectors[text] for text in texts]), fresh.tokens)


def digest(whose: str, text: str) -> bytes:
    """What stands for an owner's text in the files."""
    said = whose.encode() + b"\0" + text.encode(errors="surrogatepass")
    return blake2b(said, digest_size=_DIGEST).digest()


def begun_at(path: Path) -> float:
    """When a process began this file (seconds since 1970): its name says so, as every answer makes the file younger."""
    parts = path.name.split("-")
    return int(parts[1]) / 1000 if len(parts) > 1 and parts[1].isdecimal() else 0.0


def _away(path: Path) -> None:
    """Overwrite and remove a file beside the loop: the disk takes its time."""
    asyncio.get_running_loop().run_in_executor(None, remove, path)


def _left(path: Path) -> bool:
    """Whether nobody holds the file any more."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
