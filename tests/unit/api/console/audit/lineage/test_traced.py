"""From a sentence of a script to the upload and back, over parts in memory."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from support.script_reads import NOW, MemoryScripts

import muniment.api.console.audit.section  # noqa: F401 - puts the relations together
from muniment.api.access import Principal
from muniment.api.answers import Version
from muniment.api.console.audit.lineage.documents import chunk_node, upload_node
from muniment.api.console.audit.lineage.graph import Graph
from muniment.api.console.audit.lineage.relations import AT_ONCE, Asking, traced
from muniment.api.console.audit.lineage.scripts import citation_node, citations_of, draft_of
from muniment.api.pages import Page
from muniment.api.script_reads.answers import Citation
from muniment.projections.chunks.lineage import BatchRow, ChunkRow
from muniment.projections.history.entry import Entry
from muniment.projections.history.queries import Happened
from muniment.projections.paging import Page as HistoryPage

DOCUMENT, JOB = uuid4(), uuid4()
EVENTS = ("SubmitDocument", "DocumentSubmitted", "DocumentExtracted", "ChunksPrepared", "ChunksPrepared")


class Scripts(MemoryScripts):
    """One draft with two marks: the first leads to the fortieth passage, the second nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.draft_id = self.add(current=True, text="Days of leave [1]. And more [2].", requested_by="key:a")

    async def citations(self, *_: Any) -> list[Citation]:
        leads = {"document_id": DOCUMENT, "version": 1, "ordinal": 39, "holds": True, "standing": "active"}
        nowhere = {"document_id": None, "version": 0, "ordinal": 0, "holds": False, "standing": "nowhere"}
        usual = {"title": None, "file_name": None, "page": 1, "start": 0, "end": 9, "passage": None}
        return [
            Citation(number=1, said_from=0, said_to=13, **usual, **leads),
            Citation(number=2, said_from=19, said_to=27, **usual, **nowhere),
        ]

    async def scripts_of(self, *_: Any) -> Page[Any]:
        return Page([SimpleNamespace(draft=SimpleNamespace(draft_id=self.draft_id), cited=1)], None)


class Overview:
    """Two batches: 32 passages and 8."""

    async def batches(self, *_: Any) -> list[BatchRow]:
        return [BatchRow(0, 0, 31, 32), BatchRow(1, 32, 39, 8)]

    async def chunks(self, _tenant: str, _document: Any, _version: int, ordinals: tuple[int, int]) -> list[ChunkRow]:
        return [chunk(n) for n in range(ordinals[0], ordinals[1] + 1)]


class Projects:
    async def episode(self, *_: Any) -> Any:
        return SimpleNamespace(title="The first", script=None)


class Reads:
    async def versions(self, *_: Any) -> list[Version]:
        return [version()]

    async def job_history(self, *_: Any, **__: Any) -> HistoryPage[Happened]:
        return HistoryPage(tuple(Happened(entry(n, name)) for n, name in enumerate(EVENTS)), None)


def version() -> Version:
    return Version(
        version=1, status="indexed", active=True, job_id=JOB, file_name="a.md", size_bytes=1, characters=9,
        submitted_at=NOW,
    )  # fmt: skip


def chunk(ordinal: int) -> ChunkRow:
    return ChunkRow(ordinal // 32, ordinal, f"passage {ordinal}", None, 1, 0, 9, 3)


def entry(offset: int, name: str) -> Entry:
    place = f"muniment.documents:00000:{offset:019}"
    ids = (uuid4(), uuid4())
    return Entry("muniment.documents", 0, offset, "acme", DOCUMENT, JOB, NOW, place, name, *ids, "x", "key:a", "normal")


@pytest.fixture
def asking() -> Asking:
    deps: Any = SimpleNamespace(reads=Reads(), overview=Overview(), scripts=Scripts(), projects=Projects())
    return Asking(deps, Principal("acme", "a"))


def kinds(graph: Graph) -> list[str]:
    return sorted(node.kind for node in graph.nodes.values())


async def test_a_sentence_leads_to_the_upload_and_to_its_episode(asking: Asking) -> None:
    """By passage, batch and text on the one side; by its draft on the other; never to what others were made of."""
    scripts: Any = asking.deps.scripts
    draft = await draft_of(asking, scripts.draft_id)
    assert draft is not None
    mark = citation_node(draft, 0, (await citations_of(asking, draft.draft_id))[0])
    assert mark.text == "Days of leave"
    graph = await traced(asking, mark)
    assert kinds(graph) == ["batch", "chunk", "citation", "draft", "episode", "extraction", "upload", "version"]
    [batch] = [node for node in graph.nodes.values() if node.kind == "batch"]
    assert (batch.ref[2], batch.place) == (1, "muniment.documents:0:4")
    assert [node.kind for _, node in graph.told()] == [
        "upload", "version", "extraction", "batch", "chunk", "citation", "draft", "episode",
    ]  # fmt: skip


async def test_a_mark_that_leads_nowhere_comes_from_nothing(asking: Asking) -> None:
    """It is shown as it is, with its draft."""
    scripts: Any = asking.deps.scripts
    draft = await draft_of(asking, scripts.draft_id)
    assert draft is not None
    graph = await traced(asking, citation_node(draft, 1, (await citations_of(asking, draft.draft_id))[1]))
    assert kinds(graph) == ["citation", "draft", "episode"]


async def test_a_passage_leads_to_the_scripts_that_cite_it(asking: Asking) -> None:
    """Only by the marks that lead to it."""
    graph = await traced(asking, chunk_node(DOCUMENT, 1, chunk(39)))
    assert kinds(graph).count("citation") == 1
    assert "episode" in kinds(graph)
    other = await traced(asking, chunk_node(DOCUMENT, 1, chunk(38)))
    assert "citation" not in kinds(other)


async def test_of_many_passages_the_first_are_shown_and_the_others_counted(asking: Asking) -> None:
    """Nothing is left out in silence."""
    start = upload_node(DOCUMENT, version(), [Happened(entry(n, name)) for n, name in enumerate(EVENTS)])
    graph = await traced(asking, start)
    shown = kinds(graph).count("chunk")
    assert shown == AT_ONCE
    assert sum(graph.left_out.values()) == 40 - AT_ONCE
