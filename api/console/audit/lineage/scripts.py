"""The way from a passage into scripts, for the graph: citation, draft, episode; and back."""

from uuid import UUID

from muniment.api.console.audit.lineage.documents import LINEAGE, chunk_node
from muniment.api.console.audit.lineage.graph import Node
from muniment.api.console.audit.lineage.relations import Asking, Relation
from muniment.api.console.page import ROOT
from muniment.api.script_reads.answers import Citation
from muniment.projections.scripts.state import Draft

MOST_DRAFTS = 50
"""Of a document, so many drafts are looked through for those that cite a passage: the newest."""
DRAFTS = f"{LINEAGE}/drafts"


async def draft_of(asking: Asking, draft_id: UUID) -> Draft | None:
    """A draft; `None` for one that is not there."""
    key = ("draft", draft_id)
    if key not in asking.known:
        scripts = asking.deps.scripts
        row = await scripts.draft(asking.who.tenant, draft_id) if scripts else None
        asking.known[key] = row.draft if row else None
    known: Draft | None = asking.known[key]
    return known


async def citations_of(asking: Asking, draft_id: UUID) -> list[Citation]:
    """The marks of a draft, in the order in which they stand."""
    key = ("citations", draft_id)
    if key not in asking.known:
        scripts = asking.deps.scripts
        asking.known[key] = await scripts.citations(asking.who.tenant, draft_id) if scripts else []
    known: list[Citation] = asking.known[key]
    return known


def citation_node(draft: Draft, place: int, citation: Citation) -> Node:
    """The mark at a place (from 0) of a draft; its text is the sentence that it stands for."""
    said = (draft.text or "")[citation.said_from : citation.said_to]
    return Node(
        "citation",
        (draft.draft_id, place),
        f"[{citation.number}]",
        {"holds" if citation.holds else "holds_not": "✓" if citation.holds else "✗"},
        None,
        f"{DRAFTS}/{draft.draft_id}?citation={place}",
        "",
        said,
    )


def draft_node(draft: Draft) -> Node:
    """A draft: who asked for it, of which model."""
    facts = {"who": draft.requested_by}
    if draft.model:
        facts["model"] = draft.model
    return Node(
        "draft",
        (draft.draft_id,),
        str(draft.draft_id)[:8],
        facts,
        draft.requested_at,
        f"{DRAFTS}/{draft.draft_id}",
        draft.written_place or draft.requested_place or "",
    )


def _draft_id(node: Node) -> UUID:
    found = node.ref[0]
    assert isinstance(found, UUID)
    return found


async def _chunk_cited(asking: Asking, node: Node) -> list[Node]:
    """The passage that a mark leads to, as long as it is kept."""
    place = node.ref[1]
    assert isinstance(place, int)
    cited = (await citations_of(asking, _draft_id(node)))[place]
    if cited.document_id is None or asking.deps.overview is None:
        return []
    ordinals = (cited.ordinal, cited.ordinal)
    found = await asking.deps.overview.chunks(asking.who.tenant, cited.document_id, cited.version, ordinals)
    return [chunk_node(cited.document_id, cited.version, chunk) for chunk in found]


async def _citations_of_chunk(asking: Asking, node: Node) -> list[Node]:
    """The marks of the newest drafts that lead to a passage."""
    document_id, version, ordinal = node.ref
    scripts = asking.deps.scripts
    if scripts is None or not isinstance(document_id, UUID):
        return []
    page = await scripts.scripts_of(asking.who.tenant, document_id, MOST_DRAFTS, None)
    found: list[Node] = []
    for script in page.items:
        draft = await draft_of(asking, script.draft.draft_id) if script.cited else None
        if draft is None:
            continue
        for place, one in enumerate(await citations_of(asking, draft.draft_id)):
            if (one.document_id, one.version, one.ordinal) == (document_id, version, ordinal):
                found.append(citation_node(draft, place, one))
    return found


async def _draft_of_citation(asking: Asking, node: Node) -> list[Node]:
    draft = await draft_of(asking, _draft_id(node))
    return [draft_node(draft)] if draft else []


async def _citations_of_draft(asking: Asking, node: Node) -> list[Node]:
    draft = await draft_of(asking, _draft_id(node))
    return (
        [citation_node(draft, n, one) for n, one in enumerate(await citations_of(asking, draft.draft_id))]
        if draft
        else []
    )


async def _episode_of(asking: Asking, node: Node) -> list[Node]:
    """The episode whose script a draft is or was; none for one that was never committed."""
    scripts, projects = asking.deps.scripts, asking.deps.projects
    row = await scripts.draft(asking.who.tenant, _draft_id(node)) if scripts else None
    if row is None or projects is None or not row.numbers:
        return []
    draft = row.draft
    episode = await projects.episode(asking.who.tenant, draft.project_id, draft.episode_id)
    if episode is None:
        return []
    numbers = ", ".join(str(number) for number in row.numbers)
    href = f"{ROOT}/studio/projects/{draft.project_id}/episodes/{draft.episode_id}"
    return [Node("episode", (draft.project_id, draft.episode_id), episode.title, {"number": numbers}, None, href)]


async def _script_of(asking: Asking, node: Node) -> list[Node]:
    """The draft that is an episode's script now."""
    project_id, episode_id = node.ref
    projects = asking.deps.projects
    assert isinstance(project_id, UUID)
    assert isinstance(episode_id, UUID)
    episode = await projects.episode(asking.who.tenant, project_id, episode_id) if projects else None
    draft = await draft_of(asking, episode.script) if episode and episode.script else None
    return [draft_node(draft)] if draft else []


OF_SCRIPTS = (
    Relation("chunk", "citation", _chunk_cited, _citations_of_chunk),
    Relation("citation", "draft", _citations_of_draft, _draft_of_citation),
    Relation("draft", "episode", _script_of, _episode_of),
)
