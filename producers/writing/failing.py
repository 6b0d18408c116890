"""What the clients' exceptions mean. Both clients come from one generator and fail alike, each with its own classes.

Causes are dropped on purpose: they carry the request, so the prompt and the key.
"""

import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx2

from muniment.producers.embedding.openai import status_code
from muniment.producers.embedding.retry_after import retry_after_s
from muniment.producers.writing.writer import Finished, PromptTooLarge
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_NAMED: Mapping[str, ErrorCode] = {
    "overloaded_error": ErrorCode.PROVIDER_UNAVAILABLE,
    "api_error": ErrorCode.PROVIDER_UNAVAILABLE,
    "server_error": ErrorCode.PROVIDER_UNAVAILABLE,
    "internal_error": ErrorCode.PROVIDER_UNAVAILABLE,
    "rate_limit_error": ErrorCode.PROVIDER_RATE_LIMITED,
    "rate_limit_exceeded": ErrorCode.PROVIDER_RATE_LIMITED,
    "timeout_error": ErrorCode.PROVIDER_TIMEOUT,
    "authentication_error": ErrorCode.PROVIDER_AUTH,
    "permission_error": ErrorCode.PROVIDER_AUTH,
    "billing_error": ErrorCode.PROVIDER_AUTH,
    "insufficient_quota": ErrorCode.PROVIDER_RATE_LIMITED,
    "invalid_request_error": ErrorCode.PROVIDER_REJECTED,
}
"""What providers call their errors. In the middle of a stream the name is all there is: the status was 200."""
_TOO_LARGE = re.compile(
    r"context.{0,20}(length|window|size|limit)|prompt is too long|too many (input )?tokens|"
    r"(request|prompt|input).{0,30}(too (large|long)|exceeds)",
    re.IGNORECASE,
)
"""How providers say that the window does not hold the prompt."""
_LONGEST_NAME = 64
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Kinds:
    """A client's classes of exceptions."""

    timeout: type[Exception]
    connection: type[Exception]
    status: type[Exception]
    any: type[Exception]


async def told(
    streamed: AsyncGenerator[str | Finished, None], kinds: Kinds, now: Now
) -> AsyncGenerator[str | Finished, None]:
    """What a client streams; whatever it raises is told as the failure that it means."""
    with _meaning(kinds, now):
        async with aclosing(streamed) as items:
            async for item in items:
                yield item


@contextmanager
def _meaning(kinds: Kinds, now: Now) -> Iterator[None]:
    """Whatever a client raises inside comes out as the `StepFailure` that it means (see `Writer.write`)."""
    try:
        yield
    except (kinds.timeout, TimeoutError, httpx2.TimeoutException):
        raise StepFailure(ErrorCode.PROVIDER_TIMEOUT, "the language model gave no answer in time") from None
    except kinds.connection:
        raise StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "the language model cannot be reached") from None
    except kinds.status as error:
        raise _refused(error, now()) from None
    except httpx2.HTTPError:
        raise StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "the language model's answer was cut off") from None
    except UnicodeEncodeError:
        raise StepFailure(ErrorCode.PROVIDER_REJECTED, "the prompt is no valid Unicode") from None
    except kinds.any as error:
        raise _refused(error, now()) from None
    except (ValueError, TypeError, AttributeError, LookupError):
        raise bad_answer("it cannot be read") from None


def bad_answer(detail: str) -> StepFailure:
    """The failure of an answer that is none."""
    return StepFailure(ErrorCode.WRITING_BAD_ANSWER, f"the language model's answer is wrong: {detail}")


def cut_off() -> StepFailure:
    """The failure of an answer that ends without its end."""
    return StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "the language model's answer was cut off")


def _refused(error: Any, now: datetime) -> StepFailure:
    status, names = getattr(error, "status_code", None), _names(error)
    known = next((_NAMED[name] for name in names if name in _NAMED), None)
    reason = f" ({names[0]})" if names else ""
    if not isinstance(status, int) or status < HTTPStatus.BAD_REQUEST:
        # In the middle of the stream.
        if known is None:
            return bad_answer(f"it ends with an error{reason}")
        if known is ErrorCode.PROVIDER_REJECTED and _says_too_large(error, names):
            return PromptTooLarge(f"the language model cannot hold the prompt{reason}")
        return StepFailure(known, f"the language model broke off{reason}")
    detail = f"the language model answered {status}{reason}"
    asking_too_much = status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (asking_too_much and _says_too_large(error, names)):
        return PromptTooLarge(detail)
    code = ErrorCode.PROVIDER_AUTH if status == HTTPStatus.PAYMENT_REQUIRED else status_code(status)
    return StepFailure(code, detail, retry_after_s=retry_after_s(error.response.headers, now))


def _says_too_large(error: Any, names: list[str]) -> bool:
    said = f"{' '.join(names)} {getattr(error, 'message', '')}"[:1000]
    return _TOO_LARGE.search(said.replace("_", " ")) is not None


def _names(error: Any) -> list[str]:
    """The provider's own names of the error, the most telling first; plain words only: others might quote the text."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, Mapping) else None
    inner = inner if isinstance(inner, Mapping) else {}
    found = [inner.get("code"), getattr(error, "code", None), inner.get("type"), getattr(error, "type", None)]
    return list(dict.fromkeys(name for name in found if isinstance(name, str) and _plain(name)))


def _plain(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isascii() and name.replace("_", "").isalnum()
