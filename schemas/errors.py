"""The one exception hierarchy. A `detail` never holds document text, names or secrets: it travels in headers."""

from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy


class MunimentError(Exception):
    """Anything that Muniment itself says went wrong.

    `code` decides what happens next; `detail` is one sentence for a person.
    """

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[type, tuple[object, ...], dict[str, object]]:
        # Extraction runs in a child process: the error, with what a subclass adds, has to survive pickling.
        return type(self), (self.code, self.detail), self.__dict__


class StepFailure(MunimentError):
    """A step could not do its work; the policy of the code decides between waiting, retrying and giving up.

    `breaker` names the breaker that let the call through to this failure, or did not let it through.
    """

    def __init__(self, code: ErrorCode, detail: str, *, retry_after_s: float | None = None, breaker: str = "") -> None:
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s
        self.breaker = breaker


class Refused(MunimentError):
    """The document itself is at fault: final, recorded as `DocumentRefused`."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        if POLICIES[code] is not Policy.REFUSE:
            raise ValueError(f"{code} is not a reason to refuse a document")
        super().__init__(code, detail)
