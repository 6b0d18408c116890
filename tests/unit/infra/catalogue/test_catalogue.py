"""What is written down of the topics is what declarations and code say now."""

import pytest

from muniment.infra.catalogue.__main__ import meaningless, texts
from muniment.infra.catalogue.tracing import read_by, traced
from muniment.infra.settings import Settings
from muniment.schemas.asyncapi import DEFAULT_PARTITIONS
from muniment.schemas.catalogue import declarations
from muniment.schemas.lineage import Lineage
from muniment.schemas.topics import STEP_NAMES


@pytest.fixture(scope="module")
def found() -> dict[str, Lineage]:
    """Who writes and reads each event, as the code says."""
    return traced()


def test_the_committed_files_are_what_is_generated() -> None:
    """`make schemas` was run after the last change of an event, a step or a projection."""
    stale = [path.name for path, text in texts().items() if path.read_text("utf-8") != text]
    assert stale == [], "run `make schemas`"


def test_nothing_is_left_unsaid() -> None:
    """`make schemas` fails for a field that has no meaning."""
    assert meaningless() == []


def test_every_event_is_written_by_somebody(found: dict[str, Lineage]) -> None:
    """An event that no code makes is not published, whatever the catalogue says."""
    assert [d.key for d in declarations() if not found[d.key].producers] == []


def test_commands_come_from_outside_and_facts_from_steps(found: dict[str, Lineage]) -> None:
    """The way of a document, as the code tells it."""
    assert found["SubmitDocument.v1"].producers == ("api",)
    assert "deciding" in found["SubmitDocument.v1"].steps
    assert "chunking" in found["ChunksPrepared.v1"].producers
    assert "embedding" in found["ChunksPrepared.v1"].steps
    assert {"chunks", "jobs"} <= set(found["ChunksPrepared.v1"].projections)


def test_every_step_is_found() -> None:
    """A step that runs is one that the catalogue knows."""
    assert read_by().keys() == set(STEP_NAMES)


def test_the_number_of_partitions_is_that_of_the_settings() -> None:
    """What the document says of a topic without a number of its own is the setting's default."""
    assert Settings.model_fields["partitions"].default == DEFAULT_PARTITIONS
