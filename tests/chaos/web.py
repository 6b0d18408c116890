"""A web server of the harness, from which the stack may fetch; every second address fails at first."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zlib import crc32

from chaos.corpus import Corpus, Story

HOST = "127.0.0.1"


@dataclass
class Web:
    """What lies where. `asked` are the paths that were asked for since the last `serve`."""

    port: int
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def serve(self, corpus: Corpus) -> None:
        """The documents of a corpus, each address moody anew."""
        ops = [(story, number, op) for story in corpus.stories for number, op in enumerate(story.ops)]
        self.pages = {path(corpus, story, number): op.data or b"" for story, number, op in ops if op.by_address}
        self.asked = set()

    def address(self, corpus: Corpus, story: Story, number: int) -> str:
        """Where one of them lies."""
        return f"http://{HOST}:{self.port}{path(corpus, story, number)}"

    def answer(self, at: str) -> tuple[int, bytes]:
        """Status and body: 503 at first for every second address, 404 for what is empty or not there."""
        first = at not in self.asked
        self.asked.add(at)
        data = self.pages.get(at, b"")
        if data and first and crc32(at.encode()) % 2:
            return 503, b""
        return (200, data) if data else (404, b"")


def path(corpus: Corpus, story: Story, number: int) -> str:
    """The place of a version; its last part is the name of the file."""
    return f"/{corpus.family}/{number}/{story.name}"


@contextmanager
def serving(port: int) -> Iterator[Web]:
    """A server on this machine, ended afterwards."""
    web = Web(port)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = web.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 503:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, port), Page)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
