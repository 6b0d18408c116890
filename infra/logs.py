"""One way of logging for all parts: structlog, as text for people or JSON for machines, on standard error.

The standard library's loggers (Faust, aiokafka, uvicorn) are routed through it. Ids travel by context variables, so
that a line written deep in a library still says which job it belongs to. Document text, names and secrets are never
put into a line.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

IDS = ("request_id", "trace_id", "correlation_id", "job_id", "document_id", "tenant")
"""What a line can be found by. `request_id` is `req-` and 16 hexadecimal digits, `trace_id` W3C's."""
QUIET = {"aiokafka": logging.WARNING, "faust": logging.WARNING, "mode": logging.WARNING, "httpx2": logging.WARNING}
"""Libraries whose `info` is chatter."""


def _part(name: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("part", name)
        return event

    return add


def _processors(part: str) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=IDS),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _part(part),
    ]


def _renderers(form: Literal["text", "json"]) -> list[Processor]:
    if form == "json":
        # Never the values of variables, which may be text of documents.
        traceback = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        return [traceback, structlog.processors.JSONRenderer(_json)]
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]


def _json(values: EventDict, **how: Any) -> str:
    """A line as JSON; a number that is too large for it makes a slower line, not none."""
    try:
        return orjson.dumps(values, default=how.get("default")).decode()
    except TypeError:
        return json.dumps(values, ensure_ascii=False, default=how.get("default"))


def configure(
    form: Literal["text", "json"], level: str = "info", *, part: str = "muniment", stream: TextIO | None = None
) -> None:
    """Set logging up for this process; a second call replaces the first. `level` is a name such as `info`."""
    shared = _processors(part)
    # Nobody is told where in the code a line was logged, by which thread: to find out is a tenth of a request's line.
    logging._srcfile = None  # noqa: SLF001 - as Python's logging HOWTO says
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Tests and `configure` itself may call again: cached loggers would keep the old set-up.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    # uvicorn brings handlers of its own: its lines would come twice, and once unstructured.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(capture=True)


@contextmanager
def ids(**values: str | None) -> Iterator[None]:
    """Put ids on every line that is logged inside the block, whoever logs it. Raises `KeyError` for an unknown name."""
    if unknown := set(values) - set(IDS):
        raise KeyError(f"not an id of a log line: {', '.join(sorted(unknown))}")
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in values.items() if value}):
        yield
