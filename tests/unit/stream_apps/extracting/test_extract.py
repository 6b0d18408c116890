"""One pass over a document."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting import guarding
from muniment.stream_apps.extracting.extract import Extraction, Summary, extract
from muniment.stream_apps.extracting.guarding import refusing_unreadable
from muniment.stream_apps.extracting.media_types import CSV, FORMATS, HTML, JSON, MARKDOWN, PLAIN, MediaType
from muniment.stream_apps.progress import ProgressFile

Write = Callable[[bytes | str], Path]


def finished(extraction: Extraction) -> Summary:
    for _ in extraction:
        pass
    return extraction.summary


def test_the_summary_counts_what_was_read(write: Write) -> None:
    """Characters and sections are those of the pass, and there is no summary before its end."""
    extraction = extract(write("한글 text\n" * 20_000), PLAIN)
    with pytest.raises(RuntimeError):
        _ = extraction.summary
    assert finished(extraction) == Summary(characters=160_000, sections=3, pages=None, title=None)


@pytest.mark.parametrize("media_type", [PLAIN, MARKDOWN, CSV, JSON, HTML])
def test_nothing_but_white_space_is_no_text(write: Write, media_type: MediaType) -> None:
    """A document without a word is refused once it has been read."""
    with pytest.raises(Refused) as caught:
        finished(extract(write(" \n\t\r\n\u3000"), media_type))
    assert caught.value.code == ErrorCode.NO_TEXT


def test_an_unknown_type_is_not_read() -> None:
    """There is no reader to fall back to."""
    with pytest.raises(Refused) as caught:
        extract(Path("nowhere"), MediaType("image/png"))
    assert caught.value.code == ErrorCode.TYPE_NOT_ALLOWED


def test_a_parsers_words_do_not_get_out() -> None:
    """Only the class of the error is told, and no cause is kept: parsers quote what they stumble over."""
    with pytest.raises(Refused) as caught, refusing_unreadable("PDF"):
        raise ValueError("secret text of the document")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "ValueError" in caught.value.detail


@pytest.mark.parametrize("error", [MemoryError(), FileNotFoundError(2, "gone"), OSError(5, "disk")])
def test_what_is_not_the_documents_fault_passes_through(error: Exception) -> None:
    """A full memory or a broken disk must not condemn a document for good."""
    with pytest.raises(type(error)), refusing_unreadable("PDF"):
        raise error


def test_impossible_seeks_are_the_documents_fault() -> None:
    """A file that sends its parser to a negative place is damaged."""
    with pytest.raises(Refused), refusing_unreadable("PDF"):
        raise OSError(guarding.errno.EINVAL, "Invalid argument")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=500).map(lambda text: text.lstrip("\ufeff")),
    media_type=st.sampled_from([PLAIN, MARKDOWN]),
)
def test_offsets_lead_back_into_the_original(write: Write, text: str, media_type: MediaType) -> None:
    """For text and Markdown, each section is found in the decoded file where it says."""
    assume(text.strip())
    original = text.replace("\x00", "\ufffd")
    sections = list(extract(write(text), media_type))
    assert "".join(section.text for section in sections) == original
    for section in sections:
        assert original[section.start : section.end] == section.text


def test_every_format_names_modules_that_exist() -> None:
    """An entry in the registry is complete: reader, inspector, and no suffix claimed twice."""
    package = Path(guarding.__file__).parent
    for known in FORMATS.values():
        assert (package / "formats" / f"{known.reader}.py").exists()
        assert known.inspector is None or (package / "hazards" / f"{known.inspector}.py").exists()
    suffixes = [suffix for known in FORMATS.values() for suffix in known.suffixes]
    assert len(suffixes) == len(set(suffixes))


def summarise(path: Path, media_type: MediaType, progress: ProgressFile) -> Summary:
    """What a child process does."""
    return finished(extract(path, media_type, on_progress=progress))


def test_arguments_results_and_refusals_survive_a_process_border(write: Write, tmp_path: Path) -> None:
    """Everything that crosses to a killable child process and back can be pickled."""
    progress = ProgressFile(tmp_path / "progress")
    path, media_type, theirs = pickle.loads(pickle.dumps((write("words\n"), PLAIN, progress)))
    summary = summarise(path, media_type, theirs)
    assert pickle.loads(pickle.dumps(summary)) == summary
    assert progress.read() == (6, 6, "bytes")
