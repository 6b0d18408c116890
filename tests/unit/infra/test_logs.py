"""Log lines: one form for all, with the ids of the work they belong to."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from muniment.infra import logs


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    """Where the lines go; the root logger is put back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)


def test_a_line_is_one_json_object_with_the_ids_of_its_work(sink: io.StringIO) -> None:
    """Whoever logs inside the block, the ids are on it; outside they are gone."""
    logs.configure("json", part="workers", stream=sink)
    with logs.ids(request_id="req-0123456789abcdef", job_id="j", trace_id=None):
        structlog.get_logger("one").info("went", chunks=3)
    structlog.get_logger("one").info("later")
    first, second = (json.loads(line) for line in sink.getvalue().splitlines())
    assert first["event"] == "went"
    assert (first["part"], first["level"], first["chunks"]) == ("workers", "info", 3)
    assert (first["request_id"], first["job_id"]) == ("req-0123456789abcdef", "j")
    assert "trace_id" not in first
    assert "request_id" not in second


def test_the_standard_library_logs_the_same_way(sink: io.StringIO) -> None:
    """A library's line has part, level, time and ids as ours do."""
    logs.configure("json", part="api", stream=sink)
    with logs.ids(correlation_id="c"):
        logging.getLogger("some.library").warning("slow %d", 5)
    line = json.loads(sink.getvalue())
    assert (line["event"], line["logger"], line["correlation_id"]) == ("slow 5", "some.library", "c")


def test_text_is_for_people(sink: io.StringIO) -> None:
    """No colours in a file, the words first."""
    logs.configure("text", stream=sink)
    structlog.get_logger().warning("careful", tenant="t")
    assert "careful" in sink.getvalue()
    assert "\x1b[" not in sink.getvalue()


def test_less_than_the_level_is_left_out(sink: io.StringIO) -> None:
    """And chatty libraries start at warning."""
    logs.configure("json", "info", stream=sink)
    logging.getLogger("aiokafka.consumer").info("chatter")
    structlog.get_logger().debug("detail")
    assert sink.getvalue() == ""


def test_an_id_that_nobody_knows_is_refused() -> None:
    """A misspelt id would be searched for in vain."""
    with pytest.raises(KeyError, match="jobid"), logs.ids(jobid="x"):
        pass


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_no_values(form: Literal["json", "text"], sink: io.StringIO) -> None:
    """What was in a variable when something broke may be a document's text: it stays out of the log."""
    logs.configure(form, stream=sink)
    secret_text = " ".join(("a", "sentence", "from", "a", "document"))
    try:
        int(secret_text[:1])
    except ValueError:
        structlog.get_logger("t").exception("broke")
    assert "ValueError" in sink.getvalue()
    assert "a sentence from a document" not in sink.getvalue()
