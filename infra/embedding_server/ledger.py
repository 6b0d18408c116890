"""What the stand-in endpoint was paid for: every text that it answered, by hash, also across a kill of its process."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def mark(text: str) -> str:
    """What is written down of a text: half of its digest, in hexadecimal."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


class Ledger:
    """How often each text was answered; in `file`, when there is one, for the next process too."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        written = file.read_text().split() if file is not None and file.exists() else []
        self._answered: Counter[str] = Counter(written)

    def add(self, texts: Iterable[str]) -> None:
        """Write down that these texts are answered now; before the answer goes out, so that none is missing."""
        marks = [mark(text) for text in texts]
        self._answered.update(marks)
        if self._file is not None and marks:
            # One write to a file that is only appended to: a kill cuts no line in two.
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, "".join(f"{one}\n" for one in marks).encode())
            finally:
                os.close(descriptor)

    def clear(self) -> None:
        """Start again from nought."""
        self._answered.clear()
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def times(self, text: str) -> int:
        """How often a text was answered."""
        return self._answered[mark(text)]

    @property
    def texts(self) -> int:
        """Different texts."""
        return len(self._answered)

    @property
    def again(self) -> int:
        """Answers to texts that had been answered before."""
        return self._answered.total() - len(self._answered)
