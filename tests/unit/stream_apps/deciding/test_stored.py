"""A decider's state in its row."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st
from support.events import events, texts, uuids

from muniment.schemas.commands import SubmitDocument
from muniment.schemas.personal import REDACTED
from muniment.stream_apps.deciding.state import Content, State
from muniment.stream_apps.deciding.stored import description_of, from_json, to_json

contents = st.builds(Content, st.text(max_size=9), st.text(max_size=9))
numbers = st.integers(0, 2**40)
states = st.builds(
    State,
    latest=numbers,
    active=numbers,
    content=st.none() | contents,
    pending=st.dictionaries(numbers, contents, max_size=4),
    jobs=st.lists(uuids, max_size=4).map(tuple),
    deleted=numbers,
    bringing=st.dictionaries(uuids, numbers, max_size=4),
    fetching=st.dictionaries(uuids, numbers, max_size=4),
    doomed=st.frozensets(uuids, max_size=4),
    cancelled=st.frozensets(numbers, max_size=4),
    offset=st.integers(-1, 2**40),
)


def test_a_state_of_an_older_program_reads() -> None:
    """What it did not know of is as at the beginning."""
    old = '{"latest": 2, "active": 1, "content": ["a", "b"], "pending": {"2": ["c", "d"]}, "jobs": [], "deleted": 0}'
    assert from_json(old) == State(latest=2, active=1, content=Content("a", "b"), pending={2: Content("c", "d")})


submissions = events(SubmitDocument.declaration)


@given(state=states)
def test_a_state_reads_back(state: State) -> None:
    """`from_json` inverts `to_json`."""
    assert from_json(to_json(state)) == state


@given(command=submissions, other=texts)
def test_a_description_changes_with_what_it_describes(command: SubmitDocument, other: str) -> None:
    """Name, title and labels each count; job, blob and source do not; the order of labels does not."""
    assume(other != command.file_name)
    one = description_of(command)
    assert description_of(replace(command, blob="x", source="y", document_id=UUID(int=3))) == one
    assert description_of(replace(command, file_name=other)) != one
    assert description_of(replace(command, title=f"{command.title}{other}x")) != one
    labels = dict(command.metadata) if isinstance(command.metadata, Mapping) else {}
    assert description_of(replace(command, metadata=dict(reversed(labels.items())))) == one
    assert description_of(replace(command, metadata=labels | {"x" * 40: other})) != one


def test_no_title_is_not_an_empty_one() -> None:
    """Neither is the word None."""
    base = SubmitDocument(
        document_id=UUID(int=1), file_name="f", title=None, metadata={}, blob="b", size_bytes=1, source="", lane=""
    )
    assert len({description_of(replace(base, title=t)) for t in (None, "", "None", "null")}) == 4


def test_a_redacted_submission_has_a_description() -> None:
    """A command whose key is gone can still be compared."""
    base = SubmitDocument(
        document_id=UUID(int=1),
        file_name=REDACTED,
        title=REDACTED,
        metadata=REDACTED,
        blob="b",
        size_bytes=1,
        source="",
        lane="",
    )
    assert len(description_of(base)) == 64
