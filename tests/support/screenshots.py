"""`make screenshots`: the pictures of the README, of a stack with real documents, one for each page that has a sample.

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

from playwright.sync_api import Browser
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
SCREEN = {"width": 1280, "height": 800}
ASIDE = {
    "consoleDocuments": ("documents-dark", "dark", "en", SCREEN),
    "consoleSearch": ("search-phone", "light", "ko-KR", PHONE),
}
"""Pages of which there is a second picture: what it is called, and in which colours, language and size."""


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
    """A picture of every page that has a sample; the files."""
    found = addresses(samples(api) | _paper(api))
    wanted = [page.name for page in entries() if page.sample and page.name in found]
    made = [_shot(browser, url, api.key, (name_of(name), "light", "en", SCREEN), found[name]) for name in wanted]
    return made + [_shot(browser, url, api.key, ASIDE[name], found[name]) for name in wanted if name in ASIDE]


def _paper(api: Api) -> dict[str, str]:
    """A longer document to show instead of a made-up one, where the stack has it."""
    items = api.get("/v1/documents", q=SHOWN)["items"]
    jobs = api.get("/v1/jobs", document_id=items[0]["document_id"])["items"] if items else []
    return {"document_id": items[0]["document_id"], "job_id": jobs[0]["job_id"]} if jobs else {}


def _shot(browser: Browser, url: str, key: str, how: tuple[str, str, str, dict[str, int]], path: str) -> Path:
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
    """A page's operation id as the name of a file: `consoleDeadLetters` is `dead-letters`."""
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
