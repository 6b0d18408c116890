"""A browser's side of the console, without the browser: signs in, reads pages, sends their forms."""

import re
from typing import Any, Self

import httpx2
from served_api import Served
from support.plain import PLAIN
from support.until import until

FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Pages:
    """Somebody who is signed in."""

    def __init__(self, served: Served, key: str | None = None) -> None:
        self.http = httpx2.Client(
            base_url=served.url,
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=90,
            trust_env=False,
            follow_redirects=True,
            verify=PLAIN,
        )
        answer = self.http.post("/console/sign-in", data={"key": key or served.mine}, follow_redirects=False)
        assert answer.status_code == 303, answer.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **params: Any) -> str:
        """The page below `/console`; it has to be there."""

        def there() -> httpx2.Response | None:
            answer = self.http.get(f"/console{path}", params=params or None)
            # The read models are made when the projections first run.
            return answer if answer.status_code != 503 else None

        answer = until(f"{path} is there", there)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    def until(self, words: str, path: str, **params: Any) -> str:
        """The page below `/console` once it holds these words: a page shows what was folded when it was asked for."""
        return until(f"{path} says {words}", lambda: (page := self.get(path, **params)) and words in page and page)

    def send(self, page: str, action: str, **fields: Any) -> httpx2.Response:
        """Send a form of a page: its hidden fields, and what somebody fills in."""
        start = page.index(f'method="post" action="/console{action}"')
        hidden = dict(FIELD.findall(page[start : page.index("</form>", start)]))
        answer = self.http.post(f"/console{action}", data=hidden | fields)
        if "Waiting for the decision" not in answer.text:
            return answer

        def decided() -> httpx2.Response | None:
            # A page that was shown before anything was decided asks again.
            again = self.http.get(answer.url)
            return again if "Waiting for the decision" not in again.text else None

        return until("it is decided", decided, every_s=0.2)
