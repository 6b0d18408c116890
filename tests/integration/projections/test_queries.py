"""What readers can ask: filters, pages, modes of search, tenants apart."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import numpy as np
import pytest
from projected_story import DIMENSIONS, MODEL, START, Log, ReadModel, Story, vector_of

from muniment.projections.chunks import arms
from muniment.projections.chunks.filters import Filters
from muniment.projections.chunks.known_vectors import KnownVectors
from muniment.projections.chunks.queries import search
from muniment.projections.cursor import BadCursor
from muniment.projections.dead_letters.queries import DeadLetterFilter, dead_letter, dead_letters
from muniment.projections.documents.queries import DocumentFilter, document, documents
from muniment.projections.jobs.feed_queries import moment
from muniment.projections.jobs.queries import JobFilter, job, jobs, jobs_by_id, open_jobs
from muniment.projections.validity import Moment
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.record import Position


async def test_documents_are_paged_and_filtered(read_model: ReadModel, log: Log) -> None:
    """Pages hold every document once, newest first; filters narrow; a cursor belongs to its query."""
    told = [Story(log, (f"text {i}",), title=f"Title {i}", metadata={"n": str(i % 2)}) for i in range(7)]
    for story in told:
        await story.tell()
    await told[0].delete()
    await read_model.catch_up()
    seen, cursor = [], None
    while True:
        page = await documents(read_model.pool, "acme", limit=2, cursor=cursor)
        seen += [row.document_id for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [s.document_id for s in reversed(told[1:])]
    odd = await documents(read_model.pool, "acme", DocumentFilter(metadata={"n": "1"}, title="TITLE"))
    assert {r.document_id for r in odd.rows} == {s.document_id for s in told if s.metadata["n"] == "1"}
    gone = await documents(read_model.pool, "acme", DocumentFilter(status="deleted"))
    assert [r.document_id for r in gone.rows] == [told[0].document_id]
    assert len((await documents(read_model.pool, "acme", DocumentFilter(text="a.TXT"))).rows) == 6
    first = await documents(read_model.pool, "acme", limit=2)
    with pytest.raises(BadCursor):
        await documents(read_model.pool, "acme", DocumentFilter(source="x"), cursor=first.cursor)


async def test_a_queued_job_knows_its_place(read_model: ReadModel, log: Log) -> None:
    """Queued jobs count from 1 in the order of their commands; others have no place."""
    done, first, second = Story(log, ("a",)), Story(log, ("b",)), Story(log, ("c",))
    await done.tell()
    await first.submitted(await first.command())
    await second.command()
    await read_model.catch_up()
    rows = {r.job_id: r for r in (await jobs(read_model.pool, "acme")).rows}
    assert [rows[s.job].queue_position for s in (done, first, second)] == [None, 1, 2]
    one = await job(read_model.pool, "acme", second.job)
    assert one is not None
    assert (one.state, one.queue_position) == ("queued", 2)
    assert await open_jobs(read_model.pool) == 2
    assert [r.job_id for r in (await jobs(read_model.pool, "acme", JobFilter(state="succeeded"))).rows] == [done.job]
    assert {r.job_id for r in await jobs_by_id(read_model.pool, "acme", [first.job, uuid4()])} == {first.job}


async def test_a_place_is_one_in_the_queue_of_its_lane(read_model: ReadModel, log: Log) -> None:
    """Whoever asks and as of when: an import of many is in nobody's way; a deletion goes by the interactive lane."""
    lanes = ("bulk", "bulk", "interactive", "normal", "bulk", "interactive")
    told = [Story(log, ("a",), lane=lane) for lane in lanes]
    for story in told:
        await story.command()
    deletion = uuid4()
    document_id = uuid4()
    await log.say(DeleteDocument(document_id=document_id, reason="not wanted"), deletion, "acme")
    await read_model.catch_up()
    wanted = dict(zip([s.job for s in told], (1, 2, 1, 1, 3, 2), strict=True)) | {deletion: 3}
    pool, ids = read_model.pool, list(wanted)
    at = Moment.of(log.records[-1], log.clock)
    for when in (None, at):
        assert {r.job_id: r.queue_position for r in (await jobs(pool, "acme", at=when)).rows} == wanted
        assert {r.job_id: r.queue_position for r in await jobs_by_id(pool, "acme", ids, when)} == wanted
        each = [await job(pool, "acme", job_id, when) for job_id in ids]
        assert {r.job_id: r.queue_position for r in each if r} == wanted
    async with moment(pool) as now:
        assert {r.job_id: r.queue_position for r in await now.open_jobs("acme", None, None, 50)} == wanted
        queue = await now.queue("acme", [told[4].job], 1)
    assert (queue.queued, queue.places) == (7, {i: p for i, p in wanted.items() if p == 1 or i == told[4].job})


async def test_dead_letters_of_one_cause_share_a_fingerprint(read_model: ReadModel, log: Log) -> None:
    """Numbers in the message do not matter; a repeat of the same dead letter is not a second one."""
    story = Story(log, ("a",))
    first, second = await story.submitted(), await story.extracted()
    letter = log.dead(first, "extracting")
    log.dead(second, "extracting")
    log.again(letter)
    await read_model.catch_up()
    rows = (await dead_letters(read_model.pool, ["acme"])).rows
    assert len(rows) == 2
    assert len({r.fingerprint for r in rows}) == 1
    same = DeadLetterFilter(fingerprint=rows[0].fingerprint, step="extracting")
    assert len((await dead_letters(read_model.pool, ["acme"], same)).rows) == 2
    one = await dead_letter(read_model.pool, ["acme"], Position(letter.topic, 0, letter.offset or 0))
    assert one is not None
    assert (one.origin_topic, one.origin_offset, one.job_id) == (first.topic, first.offset, story.job)


async def test_a_stranger_sees_nothing(read_model: ReadModel, log: Log) -> None:
    """Every query is the tenant's own, also for the very same words, vectors and ids."""
    story = Story(log, ("secret plan",))
    await story.tell()
    letter = log.dead(await story.submitted(), "extracting")
    await read_model.catch_up()
    pool, words = read_model.pool, "secret plan"
    for mode in ("vector", "text", "hybrid"):
        page = await search(pool, "other", mode, words, vector_of(words).tolist(), 5)
        assert page.hits == ()
        inside = Filters(document_ids=(story.document_id,))
        assert (await search(pool, "other", mode, words, vector_of(words).tolist(), 5, inside)).hits == ()
    assert await document(pool, "other", story.document_id) is None
    assert await job(pool, "other", story.job) is None
    assert (await documents(pool, "other")).rows == ()
    assert (await jobs(pool, "other")).rows == ()
    assert (await dead_letters(pool, ["other"])).rows == ()
    assert await dead_letter(pool, ["other"], Position(letter.topic, 0, letter.offset or 0)) is None
    known = KnownVectors(pool)
    hashes = [p["content_hash"] for p in await pool.fetch("select content_hash from read.chunk_vectors")]
    assert await known.find("other", MODEL, hashes) == {}
    assert set(await known.find("acme", MODEL, hashes)) == set(hashes)
    assert await known.find("acme", "another model", hashes) == {}


async def test_known_vectors_come_back_exactly(read_model: ReadModel, log: Log) -> None:
    """A vector that is looked up is the one that was on the log, bit by bit."""
    await Story(log, ("same text",)).tell()
    await read_model.catch_up()
    [row] = await read_model.pool.fetch("select content_hash from read.chunk_vectors")
    found = await KnownVectors(read_model.pool).find("acme", MODEL, [row["content_hash"]])
    assert np.array_equal(found[row["content_hash"]], vector_of("same text").astype(np.float16))


@pytest.mark.parametrize("exact", [0, 10_000])
async def test_filters_keep_recall(
    read_model: ReadModel, log: Log, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter that keeps one document of many loses none of its nearest chunks, by scan or by index."""
    monkeypatch.setattr(arms, "EXACT_CHUNKS", exact)
    monkeypatch.setattr(arms, "EXACT_FILTERED_CHUNKS", exact)
    for i in range(30):
        await Story(log, [f"noise {i} {j}" for j in range(12)], batch_size=12, metadata={"kind": "noise"}).tell()
    wanted = Story(log, [f"signal {j}" for j in range(12)], batch_size=12, metadata={"kind": "signal"}, title="One %")
    await wanted.tell()
    await read_model.catch_up()
    vector = vector_of("noise 3 4").tolist()
    for filters in (
        Filters(metadata={"kind": "signal"}),
        Filters(document_ids=(wanted.document_id,)),
        Filters(title="one %"),
        Filters(created_from=log.clock - timedelta(milliseconds=80), media_type="text/plain"),
    ):
        page = await search(read_model.pool, "acme", "vector", "", vector, 12, filters)
        assert {h.document_id for h in page.hits} == {wanted.document_id}
        assert len(page.hits) == 12
    assert (await search(read_model.pool, "acme", "vector", "", vector, 5, Filters(created_to=START))).hits == ()
    found = await search(read_model.pool, "acme", "vector", "", vector, 1)
    assert found.hits[0].text == "noise 3 4"


async def test_korean_is_found_under_its_particles(read_model: ReadModel, log: Log) -> None:
    """A word is found with another particle on it, by a part of it, by one syllable, mixed with English."""
    texts = ("도서관에서 책을 읽었다", "학교에 갔다", "Kafka 브로커를 설정한다", "오늘은 날씨가 좋다")
    await Story(log, texts).tell()
    await read_model.catch_up()
    for query, wanted in {"도서관": 0, "책": 0, "학교는": 1, "브로커 설정": 2, "kafka 브로커": 2, "날씨는": 3}.items():
        page = await search(read_model.pool, "acme", "text", query, None, 5)
        assert [h.text for h in page.hits][:1] == [texts[wanted]], query
        assert page.hits[0].highlights
    start, end = (await search(read_model.pool, "acme", "text", "도서관", None, 5)).hits[0].highlights[0]
    assert texts[0][start:end] == "도서관"


async def test_english_is_stemmed_and_names_are_taken_apart(read_model: ReadModel, log: Log) -> None:
    """Forms of a word find each other; a dotted name is found by its parts; AND first, OR when nothing has all."""
    texts = ("call os.path.join to join paths", "running quickly through woods", "studies of rivers")
    await Story(log, texts).tell()
    await read_model.catch_up()

    async def best(query: str) -> str:
        page = await search(read_model.pool, "acme", "text", query, None, 5)
        return page.hits[0].text if page.hits else ""

    assert await best("how do I join a path") == texts[0]
    assert await best("os.path") == texts[0]
    assert await best("run") == texts[1]
    assert await best("river study") == texts[2]
    assert await best("rivers zebra unknown") == texts[2]
    assert await best("zebra") == ""
    assert await best("the of and") == ""
    assert await best("it's \\ ' & | ! ( :*") == ""


async def test_pages_of_hits_follow_one_ranking(read_model: ReadModel, log: Log) -> None:
    """Page after page gives each hit once, in the order of one longer page; a cursor fits only its query."""
    await Story(log, [f"common word number{i}" for i in range(25)], batch_size=25).tell()
    await read_model.catch_up()
    vector = vector_of("common").tolist()
    whole = await search(read_model.pool, "acme", "hybrid", "common word", vector, 25)
    seen, cursor = [], None
    while True:
        page = await search(read_model.pool, "acme", "hybrid", "common word", vector, 10, cursor=cursor)
        seen += [h.ordinal for h in page.hits]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [h.ordinal for h in whole.hits]
    assert len(set(seen)) == 25
    first = await search(read_model.pool, "acme", "hybrid", "common word", vector, 10)
    with pytest.raises(BadCursor):
        await search(read_model.pool, "acme", "hybrid", "other", vector, 10, cursor=first.cursor)


async def test_words_that_match_nothing_do_not_hide_vectors(read_model: ReadModel, log: Log) -> None:
    """A hybrid search whose words are unknown gives what the vectors find, with no rank of words."""
    await Story(log, ("alpha", "beta")).tell()
    await read_model.catch_up()
    page = await search(read_model.pool, "acme", "hybrid", "없는말", vector_of("beta").tolist(), 2)
    assert [(h.text, h.vector_rank, h.text_rank) for h in page.hits] == [("beta", 1, None), ("alpha", 2, None)]


async def test_a_hit_says_why_it_is_one(read_model: ReadModel, log: Log) -> None:
    """Each arm's own score and rank are told, and how much of the question's words a hit has; nothing it lacks is."""
    await Story(log, ("alpha beta", "gamma delta")).tell()
    await read_model.catch_up()
    page = await search(read_model.pool, "acme", "hybrid", "alpha missing", vector_of("alpha beta").tolist(), 2)
    both = next(hit for hit in page.hits if hit.text == "alpha beta")
    near = next(hit for hit in page.hits if hit.text == "gamma delta")
    assert (both.vector_rank, both.text_rank) == (1, 1)
    assert both.vector_score == pytest.approx(1.0, abs=0.01)
    assert both.text_score is not None
    assert both.text_score > 0
    assert both.coverage is not None
    assert 0 < both.coverage < 1
    assert (near.text_rank, near.text_score, near.coverage) == (None, None, None)
    words = await search(read_model.pool, "acme", "text", "alpha", None, 2)
    assert [(hit.vector_score, hit.coverage) for hit in words.hits] == [(None, 1.0)]


async def test_a_chance_match_of_a_few_words_has_no_vote(read_model: ReadModel, log: Log) -> None:
    """Of a Korean question two pairs stand in a Korean chunk: what the vectors found in English stays before it."""
    answer, decoy = "secrets makes strong random numbers", "사용자 번호를 만들려면 등록한다"
    for text in (answer, decoy, *(f"filler {n}" for n in range(8))):
        await Story(log, (text,)).tell()
    await read_model.catch_up()
    question = "비밀번호와 토큰에 쓸 안전한 난수를 뽑는 방법이 궁금합니다"
    near = list(0.7 * vector_of(answer) + 0.6 * vector_of(decoy))
    found = await search(read_model.pool, "acme", "hybrid", question, near)
    assert [(hit.text, hit.text_rank) for hit in found.hits[:2]] == [(answer, None), (decoy, None)]
    # Asked for words alone, it is still the best there is.
    by_words = await search(read_model.pool, "acme", "text", question, None)
    assert [hit.text for hit in by_words.hits] == [decoy]
    # What covers most of the question keeps its vote.
    close = await search(read_model.pool, "acme", "hybrid", "사용자 번호를 만들려면 무엇을 등록", near)
    assert (close.hits[0].text, close.hits[0].text_rank) == (decoy, 1)


async def test_a_database_without_read_models_knows_no_vectors(database_url: str) -> None:
    """The embedding step may start before the first projection."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        assert await KnownVectors(pool).find("acme", MODEL, [b"x" * DIMENSIONS]) == {}
