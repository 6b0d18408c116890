"""The commands' way to the API: where it is, with which key, and what a person is told when it says no."""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx2
import typer

RETRIES = 5
TIMEOUT_S = 120.0
AGAIN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""What an API says that is full or away, or a proxy before it: the request is sent again."""


class ApiError(Exception):
    """The API said no. `remedy` is what can be done about it."""

    def __init__(self, code: str, detail: str, remedy: str = "", request_id: str = "") -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API is and the key to it."""

    url: str
    key: str = field(repr=False)


def find_access(environ: Mapping[str, str] = os.environ, home: Path | None = None) -> Access:
    """`MUNIMENT_API_URL` and `MUNIMENT_API_KEY`, or else those of the stack that runs in this folder.

    The stack's key goes to the stack's address only.

    Raises:
        ApiError: when neither is there; says what to do.

    """
    from muniment.infra.settings import Settings
    from muniment.infra.stack import record
    from muniment.infra.stack.api_key import key_file

    named = environ.get("MUNIMENT_API_KEY_FILE")
    key = environ.get("MUNIMENT_API_KEY") or (Path(named).read_text("utf-8").strip() if named else "")
    if url := environ.get("MUNIMENT_API_URL"):
        if not key:
            raise ApiError("no_key", "MUNIMENT_API_URL is set, MUNIMENT_API_KEY is not", "set it to a key of that API")
        return Access(url.rstrip("/"), key)
    home = home or Settings().home.resolve()
    stack = record.running(home)
    if stack is None or "api" not in stack.addresses:
        raise ApiError(
            "no_stack",
            f"no Muniment runs in {home}",
            "start one with `muniment up`, or set MUNIMENT_API_URL and MUNIMENT_API_KEY",
        )
    file = key_file(home)
    key = key or (file.read_text("utf-8").strip() if file.exists() else "")
    if not key:
        raise ApiError(
            "no_key", "the stack has no key yet", "make one with `muniment keys create`, set MUNIMENT_API_KEY"
        )
    return Access(stack.addresses["api"].rstrip("/"), key)


class Client:
    """Talks HTTP to the API; an async context manager. Repeats what a part that was away made fail."""

    def __init__(self, access: Access, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.access = access
        self._http = httpx2.AsyncClient(
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.key}"},
            timeout=TIMEOUT_S,
            transport=transport,
            # The API is the one that was named: never by way of a proxy that the environment happens to set.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self._http.aclose()

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET; parameters that are `None` are left out. Raises `ApiError`."""
        given = {name: value for name, value in params.items() if value is not None}
        return await self._asked("GET", path, params=given)

    def stream(
        self, path: str, params: Mapping[str, Any], headers: Mapping[str, str], *, silent_s: float
    ) -> AbstractAsyncContextManager[httpx2.Response]:
        """A GET whose answer is read as it comes; broken off when nothing comes for so long."""
        timeout = httpx2.Timeout(TIMEOUT_S, read=silent_s)
        return self._http.stream("GET", path, params=params, headers=headers, timeout=timeout)

    async def refused(self, answer: httpx2.Response) -> ApiError:
        """The error in an answer of `stream`."""
        await answer.aread()
        try:
            _json_of(answer)
        except ApiError as error:
            return error
        return ApiError("unexpected", f"the API answered {answer.status_code}")

    async def delete(self, path: str, **params: Any) -> Any:
        """The JSON of a DELETE; repeated, it happens once. Raises `ApiError`."""
        return await self._asked("DELETE", path, params=params, headers=_once())

    async def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST of JSON; repeated, it happens once. Raises `ApiError`."""
        return await self._asked("POST", path, json=body, headers=_once())

    async def order(self, method: str, path: str, body: Any, *, revision: int | None = None, **params: Any) -> Any:
        """The JSON of a change, which happens once however often it has to be sent. Raises `ApiError`.

        With `revision` only to what still has that one.
        """
        given = {name: value for name, value in params.items() if value is not None}
        headers = _once() | ({} if revision is None else {"If-Match": f'"{revision}"'})
        return await self._asked(method, path, params=given, json=body, headers=headers)

    async def upload(self, file: Path, name: str, fields: Mapping[str, str]) -> Any:
        """Submit a file, streamed from the disk; repeated, it is submitted once.

        Raises `ApiError`, and `OSError` when it cannot be read.
        """
        # One for all tries: an answer may be lost after the version was accepted.
        how: dict[str, Any] = {"data": dict(fields), "headers": _once()}
        for attempt in range(RETRIES + 1):
            with file.open("rb") as content:
                upload = {"file": (name, content, "application/octet-stream")}
                answer = await self._sent("POST", "/v1/documents", last=attempt == RETRIES, files=upload, **how)
            if answer is not None:
                return _json_of(answer)
            await asyncio.sleep(_pause_s(attempt))
        raise AssertionError("the last attempt answers or raises")

    async def _asked(self, method: str, path: str, **how: Any) -> Any:
        for attempt in range(RETRIES + 1):
            answer = await self._sent(method, path, last=attempt == RETRIES, **how)
            if answer is not None:
                return _json_of(answer)
            await asyncio.sleep(_pause_s(attempt))
        raise AssertionError("the last attempt answers or raises")

    async def _sent(self, method: str, path: str, *, last: bool, **how: Any) -> httpx2.Response | None:
        try:
            answer = await self._http.request(method, path, **how)
        except httpx2.TransportError as error:
            if last:
                detail = f"{self._http.base_url} does not answer: {type(error).__name__}"
                raise ApiError("no_answer", detail, "see `muniment doctor`") from error
            return None
        again = answer.status_code in AGAIN or _is_under_way(answer)
        return None if again and not last else answer


def _is_under_way(answer: httpx2.Response) -> bool:
    """Whether an earlier try is, for all that is known: one that was killed counts so for some seconds more."""
    if answer.status_code != HTTPStatus.CONFLICT:
        return False
    try:
        _json_of(answer)
    except ApiError as error:
        return error.code == "idempotency_in_progress"
    return False


def _once() -> dict[str, str]:
    """The header by which the API knows the tries of one request."""
    return {"Idempotency-Key": f'"{uuid4()}"'}


def _pause_s(attempt: int) -> float:
    return float(min(0.5 * 2**attempt, 8.0))


def _json_of(answer: httpx2.Response) -> Any:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if answer.is_success:
        return body
    told = body if isinstance(body, dict) else {}
    raise ApiError(
        str(told.get("code", f"http_{answer.status_code}")),
        str(told.get("detail", f"the API answered {answer.status_code}")),
        str(told.get("what_to_do", "")),
        str(told.get("request_id", "")),
    )


@contextmanager
def told() -> Iterator[None]:
    """Tell a person why a command did not work, and what to do; exit code 1."""
    try:
        yield
    except ApiError as error:
        print(f"muniment: {error}", file=sys.stderr)
        if error.remedy:
            print(f"  do: {error.remedy}", file=sys.stderr)
        if error.request_id:
            print(f"  request: {error.request_id}", file=sys.stderr)
        raise typer.Exit(1) from None
