"""The web server of the harness: what it says, and that every run of a corpus is told the same."""

import urllib.error
import urllib.request

from chaos.corpus import corpus
from chaos.web import path, serving
from support.ports import free_port


def asked(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def test_every_address_of_a_corpus_has_its_bytes_at_the_latest_when_asked_again() -> None:
    """Some fail at first, anew for each run; one is never there."""
    told = corpus(0)
    ops = [(story, n, op) for story in told.stories for n, op in enumerate(story.ops) if op.by_address]
    with serving(free_port()) as web:
        for _ in range(2):
            web.serve(told)
            first = {web.address(told, story, n): asked(web.address(told, story, n)) for story, n, _ in ops}
            again = {web.address(told, story, n): asked(web.address(told, story, n)) for story, n, _ in ops}
            assert {status for status, _ in first.values()} == {200, 404, 503}
            wanted = {web.address(told, s, n): (200, op.data) if op.data else (404, b"") for s, n, op in ops}
            assert again == wanted


def test_an_address_ends_with_the_name_of_the_file() -> None:
    """It becomes the document's."""
    told = corpus(1)
    assert path(told, told.stories[0], 2) == f"/1/2/{told.stories[0].name}"
