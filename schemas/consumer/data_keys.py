"""Asks the API for data keys, and holds each as briefly as the API says. The one part of `schemas` with a network."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from time import monotonic, sleep
from typing import Final, Self
from uuid import UUID

import httpx2

from muniment.schemas.personal import SEALED, Redaction
from muniment.schemas.sealing import DataKey

TIMEOUT_S: Final = 10.0
MOST_HELD: Final = 10_000
TRIES: Final = 5
PAUSE_S: Final = 0.2
"""Before a request that nobody answered is repeated, seconds; doubled each time."""
_AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)})


class KeysRefused(Exception):
    """The API key is not valid, or lacks the scope `decrypt`: read without keys, or get a key that may."""


class KeysUnavailable(Exception):
    """The API did not answer: the message can be read again later. Never mistaken for a key that was destroyed."""


@dataclass(frozen=True, slots=True)
class _Held:
    until: float
    key: DataKey | Redaction | None


class DataKeys:
    """Looks up data keys at the API under `url` with an API key that has the scope `decrypt`.

    Call it with a key's id: it gives the key, `None` for one that was destroyed, and `SEALED` for one that is not this
    caller's tenant's, or that was lost there: it is asked for again after a minute, and never taken for erased. Keys
    are held in memory only, for as long as the API says, so that an erasure reaches this process, too; do not write
    them down. May be called from several threads. Use as a context manager, or `close` it.

    Raises:
        KeysRefused: when the API key may not, or is none at all.
        KeysUnavailable: when the API did not answer, after some tries.
        ValueError: at once, when `url` is no address of HTTP.

    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], None] = sleep,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {_key(api_key)}"}
        self._http = httpx2.Client(base_url=_address(url), headers=headers, timeout=TIMEOUT_S, transport=transport)
        self._clock = clock
        self._pause = pause
        self._held: dict[UUID, _Held] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the keys and the connection."""
        self._held.clear()
        self._http.close()

    def __call__(self, key_id: UUID) -> DataKey | Redaction | None:
        """See the class."""
        with self._lock:
            held = self._held.get(key_id)
            if held and held.until > self._clock():
                return held.key
            self._held.pop(key_id, None)
            found = self._asked(key_id)
            if len(self._held) >= MOST_HELD:
                self._held.clear()
            self._held[key_id] = found
            return found.key

    def _asked(self, key_id: UUID) -> _Held:
        # From before the request: what the API was asked a moment ago may be destroyed since.
        asked_at = self._clock()
        answer = self._answer(f"/v1/data-keys/{key_id}")
        if answer.status_code == HTTPStatus.GONE:
            return _Held(float("inf"), None)
        if answer.status_code == HTTPStatus.NOT_FOUND and _is_ours(answer):
            return _Held(asked_at + 60, SEALED)
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise KeysRefused(f"the API refuses data keys ({answer.status_code}): a key with the scope decrypt is due")
        try:
            body = answer.raise_for_status().json()
            secret = base64.b64decode(body["secret"], validate=True)
            return _Held(asked_at + float(body["hold_s"]), DataKey(UUID(body["data_key_id"]), secret))
        except (httpx2.HTTPStatusError, ValueError, KeyError, TypeError, binascii.Error) as error:
            raise KeysUnavailable(f"what answers there is not Muniment's API ({type(error).__name__})") from None

    def _answer(self, path: str) -> httpx2.Response:
        told = "nothing"
        for attempt in range(TRIES):
            if attempt:
                self._pause(PAUSE_S * 2 ** (attempt - 1))
            try:
                answer = self._http.get(path)
            except httpx2.TransportError as error:
                told = type(error).__name__
                continue
            if answer.status_code not in _AGAIN:
                return answer
            told = str(answer.status_code)
        raise KeysUnavailable(f"the API gave no answer in {TRIES} tries, at last {told}")


def _key(given: str) -> str:
    """The API key, without the end of the line that a file has after it: no header can hold that."""
    key = given.strip()
    if not (key and key.isascii() and key.isprintable()):
        raise KeysRefused(f"what was given {'is no' if key else 'holds no'} API key: one with the scope decrypt is due")
    return key


def _address(given: str) -> httpx2.URL:
    try:
        url = httpx2.URL(given)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        # It is not repeated: who swaps the two arguments has given a key here.
        raise ValueError("the first argument is no address of Muniment's API: write it as http://host:port")
    return url


def _is_ours(answer: httpx2.Response) -> bool:
    """A wrong address is 404, too, and must not pass for a key that somebody else owns."""
    try:
        return bool(answer.json()["code"] == "not_found")
    except (ValueError, KeyError, TypeError):
        return False
