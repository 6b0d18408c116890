"""`make screenshots`: the pictures that the README and the docs show, of a stack with real documents.

Of every page with a sample one can be had, by a link to it: `consoleDeadLetters` is `screenshots/dead-letters.png`.

Everything is real, the embedding model too; the stack is made for it and removed. `--url` and `--key` take a stack that
runs already.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize
from support.browser import chromium
from support.console import PHONE, Desk, addresses, desk, entries, samples
from support.endpoint import Endpoint
from support.stack import INSTALLED, Api, Stack

from muniment.infra.stack import leftovers, scratch

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 200_000
"""Bytes of one picture: they are read over slow lines, too."""
SHOWN = "operating.md"
SCREEN: ViewportSize = {"width": 1280, "height": 800}
Look = tuple[str, str, str, ViewportSize]
"""What a picture is called, and in which colours, language and size it is taken."""
ASIDE: dict[str, Look] = {
    "consoleDocuments": ("documents-dark", "dark", "en", SCREEN),
    "consoleSearch": ("search-phone", "light", "ko-KR", PHONE),
}
"""Pages of which there is a second picture."""


@contextmanager
def running() -> Iterator[Api]:
    """A stack of its own with the embedded model, and a caller; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-shots-"))
    folder.chmod(0o755)
    stack = Stack(scratch.make(folder / "home", INSTALLED), Endpoint(0, base_ms=0, per_input_ms=0))
    try:
        stack.up()
        yield stack.api("handbook")
    finally:
        for caller in stack.callers:
            caller.http.close()
        stack.run("down", check=False)
        leftovers.sweep(stack.home)
        stack.endpoint.close()
        shutil.rmtree(folder, ignore_errors=True)


def fill(api: Api) -> None:
    """Real documents: what is written about this very program, and some lines of Korean."""
    pages = (ROOT / "docs").glob("*.md"), (ROOT / "docs" / "decisions").glob("*.md")
    papers = [ROOT / "README.md", *(one for found in pages for one in sorted(found))]
    done = [api.submit(one.read_bytes(), one.name, metadata='{"project": "muniment"}') for one in papers]
    done.append(api.submit("휴가는 1년에 25일이며, 한 달 전에 신청합니다. 병가는 따로 셉니다.", "휴가 규정.txt"))
    done.append(api.submit("%PDF-1.7 broken", "scan.pdf"))
    for one in done:
        api.ended(one)


def take(browser: Browser, url: str, api: Api) -> list[Path]:
    """Every picture that is shown somewhere; the files."""
    found, wanted = addresses(samples(api) | _paper(api)), shown()
    looks = [(how, found[page]) for page, how in possible() if how[0] in wanted and page in found]
    return [_shot(browser, url, api.key, how, path) for how, path in looks]


def possible() -> list[tuple[str, Look]]:
    """Every picture that can be taken, with the page that is on it."""
    pages = [page.name for page in entries() if page.sample]
    return [(name, (name_of(name), "light", "en", SCREEN)) for name in pages] + list(ASIDE.items())


def shown() -> set[str]:
    """The names of the pictures that the README and the docs link to."""
    papers = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return {name for one in papers for name in re.findall(r"screenshots/([\w-]+)\.png\)", one.read_text("utf-8"))}


def _paper(api: Api) -> dict[str, str]:
    """A longer document to show instead of a made-up one, where the stack has it."""
    items = api.get("/v1/documents", q=SHOWN)["items"]
    jobs = api.get("/v1/jobs", document_id=items[0]["document_id"])["items"] if items else []
    return {"document_id": items[0]["document_id"], "job_id": jobs[0]["job_id"]} if jobs else {}


def _shot(browser: Browser, url: str, key: str, how: Look, path: str) -> Path:
    name, scheme, language, size = how
    look = {"viewport": size, "color_scheme": scheme, "locale": language, "timezone_id": "UTC"}
    with desk(browser, url, **look, reduced_motion="reduce") as made:
        made.sign_in(key)
        made.go(path)
        _settled(made)
        file = FOLDER / f"{name}.png"
        made.page.screenshot(path=file)
    if file.stat().st_size > LARGEST:
        raise SystemExit(f"{file.name} is larger than {LARGEST} bytes: show less of the page")
    return file


def _settled(made: Desk) -> None:
    made.page.wait_for_load_state("load")
    made.page.evaluate("document.fonts.ready.then(() => true)")
    made.page.wait_for_timeout(600)


def name_of(name: str) -> str:
    """A page's operation id as the name of a file."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name.removeprefix("console")).lower()


def main() -> None:
    """Take all of them anew."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--url")
    given.add_argument("--key")
    asked = given.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        if asked.url:
            made = take(browser, asked.url, Api(asked.url, asked.key, ""))
        else:
            with running() as api:
                fill(api)
                made = take(browser, str(api.http.base_url), api)
    for one in made:
        sys.stdout.write(f"{one.relative_to(ROOT)}  {one.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
