"""A draft that died is sent back to its step by the redriver, on a real broker, and is written then."""

from dataclasses import replace

from support.drafting import desk
from support.model_server import recorded
from support.redriving import Yard, letter_of, make_topics, redrive

from muniment.schemas.operations import RedriveStarted
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.scripts import DraftFailed, DraftRequested, DraftWritten
from muniment.schemas.topics import DLQ

STEP = "generating"


async def test_a_dead_draft_is_redriven_and_written_once(yard: Yard, database_url: str) -> None:
    """The letter goes out once, to the step that buried it, as if it had never failed; the model is asked again."""
    await make_topics(yard.bootstrap, yard.prefix, STEP)
    async with desk(database_url) as made:
        made.server.script.append(recorded("openai", "rejected"))
        assert await made.work(await made.ask()) == "dead"
        (buried,) = [record for record in made.log.sent if record.topic == DLQ.name]
        letter = replace(letter_of(await yard.publisher.send(buried)), step=STEP)
        yard.letters.letters.append(letter)
        yard.redrive_all()
        (started,) = await yard.order(redrive(letter.letter))
        assert isinstance(started, RedriveStarted)
        assert await yard.ended(started.redrive_id) == "done"
        (back,) = await yard.out(STEP)
        assert await yard.out() == []
        assert (retry_state(back), back.header("redrive_letter")) == (None, letter.letter)
        assert await made.work(back) == "done"
        assert await made.work(back) == "done", "delivered twice"
        (failed,), (written,) = await made.said(DraftFailed), await made.said(DraftWritten)
        asked = (await made.codec.decode(back)).event
        assert isinstance(asked, DraftRequested)
        assert asked.draft_id == failed.draft_id == written.draft_id
        assert asked.job_id == failed.job_id == written.job_id
        assert len(made.server.calls) == 2
