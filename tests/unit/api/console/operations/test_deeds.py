"""What a form orders is what the route would order: one command, with the reason, in the name of who is signed in."""

import re

from support.signed_in import browser

from muniment.api.keys import Scope
from muniment.schemas.topics import STEP_NAMES

FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


async def sent(http, page, action, **fields):
    """The answer to a form of a page, with its hidden fields."""
    shown = (await http.get(f"/console{page}")).text
    start = shown.index(f'action="/console{action}"')
    hidden = dict(FIELD.findall(shown[start : shown.index("</form>", start)]))
    return await http.post(f"/console{action}", data=hidden | fields)


async def signed_in(http, key="mine"):
    await http.post("/console/sign-in", data={"key": key})


async def test_a_cancellation_is_ordered_with_its_reason(world):
    """And the page of the job is shown again, which follows what comes of it."""
    job_id = world.add_job()
    await world.key_ring.create("acme", world.reads.of_jobs["acme"][job_id].document_id)
    async with browser(world.app) as http:
        await signed_in(http)
        answer = await sent(
            http, f"/operations/jobs/{job_id}", f"/operations/jobs/{job_id}/cancel", reason="not wanted"
        )
    assert answer.headers["location"] == f"/console/operations/jobs/{job_id}?done=cancel_asked"
    [one] = await world.sent()
    assert (type(one.event).__name__, one.event.job_id, one.event.reason) == ("CancelJob", job_id, "not wanted")
    assert one.meta.actor == "key:id-mine"


async def test_a_job_that_failed_can_be_cancelled_one_that_succeeded_not(world):
    """The form is there where it does something, which is what the route goes by."""
    failed, done = world.add_job(), world.add_job()
    jobs = world.reads.of_jobs["acme"]
    for job_id, state in ((failed, "failed"), (done, "succeeded")):
        jobs[job_id] = jobs[job_id].model_copy(update={"state": state, "ended": True})
    async with browser(world.app) as http:
        await signed_in(http)
        pages = [(await http.get(f"/console/operations/jobs/{job_id}")).text for job_id in (failed, done)]
    assert ["/cancel" in page for page in pages] == [True, False]


async def test_who_may_not_write_sees_no_way_to_cancel(world):
    """The form is not there, and what is posted all the same is refused."""
    job_id = world.add_job()
    async with browser(world.app) as http:
        await signed_in(http, "reader")
        page = (await http.get(f"/console/operations/jobs/{job_id}")).text
    assert "/cancel" not in page
    assert "Nothing: it has ended" in page


async def test_a_redrive_carries_what_the_form_says(world):
    """Rate, trial and reason; of more than a hundred letters the number that was seen."""
    world.reads.add_letters(120)
    async with browser(world.app) as http:
        await signed_in(http)
        page = "/operations/dead-letters/redrive"
        answer = await sent(http, f"{page}?fingerprint=f00d", page, rate="20", canary="2", reason="mended")
    assert answer.status_code == 303
    [one] = await world.sent()
    told = one.event
    assert (told.selection, told.rate, told.canary, told.confirmed, told.force, told.reason) == (
        {"fingerprint": "f00d"}, 20.0, 2, 120, False, "mended",
    )  # fmt: skip


async def test_more_letters_than_were_seen_are_not_touched(world):
    """The form comes back with the new number, and nothing was ordered."""
    world.reads.add_letters(120)
    async with browser(world.app) as http:
        await signed_in(http)
        page = "/operations/dead-letters/discard"
        answer = await sent(http, f"{page}?fingerprint=f00d", page, confirmed="60", reason="a test")
    assert answer.status_code == 422
    assert "Their number has changed meanwhile" in answer.text
    assert not world.publisher.sent


async def test_causes_that_are_not_shown_are_told_of(world):
    """Of very many causes some are named; the page counts all letters, and says how many it does not name."""
    for number in range(203):
        world.reads.add_letters(1, fingerprint=f"{number:04x}")
    async with browser(world.app) as http:
        await signed_in(http)
        page = (await http.get("/console/operations/dead-letters/redrive?step=embedding")).text
        few = (await http.get("/console/operations/dead-letters/redrive?fingerprint=0001")).text
    assert 'id="found">203<' in page
    assert "And 3 letters of other causes" in page
    assert 'id="others"' not in few


async def test_a_single_letter_is_given_up(world):
    """It alone, by its id."""
    [letter, _] = world.reads.add_letters(2)
    async with browser(world.app) as http:
        await signed_in(http)
        page = "/operations/dead-letters/discard"
        await sent(http, f"{page}?letter={letter}", page, reason="a test file")
    [one] = await world.sent()
    assert (type(one.event).__name__, one.event.letters) == (
        "DiscardDeadLetters",
        (f"muniment.dlq:{letter.replace('-', ':')}",),
    )


async def test_without_a_reason_nothing_is_done(world):
    """Blank ones count as none, for steps, breakers and flags alike."""
    async with browser(world.app) as http:
        await signed_in(http)
        for page, action in (
            ("/operations/steps", "/operations/steps/embedding/halt"),
            ("/operations/flags/outbox", "/operations/flags/outbox"),
        ):
            answer = await sent(http, page, action, reason="   ")
            assert answer.status_code == 422, action
    assert not world.publisher.sent


async def test_who_may_only_read_sees_letters_and_no_deeds(world):
    """Groups and letters are shown, without buttons that would be refused."""
    world.reads.add_letters(1)
    world.keys.add("looker", "acme", Scope.DOCUMENTS_READ)
    async with browser(world.app) as http:
        await signed_in(http, "looker")
        page = (await http.get("/console/operations/dead-letters")).text
        assert "f00d" in page
        assert "/redrive" not in page
        assert "/discard" not in page
        assert (await http.get("/console/operations/dead-letters/redrive?fingerprint=f00d")).status_code == 403


async def test_the_step_that_resumes_the_others_has_no_button(world):
    """Every other step can be halted; what is posted for it all the same is refused with what to do, in words."""
    async with browser(world.app) as http:
        await signed_in(http)
        page = (await http.get("/console/operations/steps")).text
        halted = set(re.findall(r'action="/console/operations/steps/([a-z]+)/halt"', page))
        start = page.index('action="/console/operations/steps/embedding/halt"')
        hidden = dict(FIELD.findall(page[start : page.index("</form>", start)]))
        answer = await http.post("/console/operations/steps/operating/halt", data=hidden | {"reason": "upkeep"})
    assert halted == {*STEP_NAMES} - {"operating"}
    assert "Always on: it carries out what operators order." in page
    assert answer.status_code == 409
    assert "Halt the steps whose work is to rest." in answer.text
    assert not world.publisher.sent


async def test_a_step_that_waits_says_for_what(world):
    """With the command that ends it, in both languages; the others say nothing of it."""
    said = "t:0:4: key_ring_unusable: `muniment keys give-up --key 7`"
    world.workers.waiting["embedding"] = said
    async with browser(world.app) as http:
        await signed_in(http)
        for language, word in (("en", "Waits:"), ("ko", "기다리는 중:")):
            page = (await http.get("/console/operations/steps", headers={"Accept-Language": language})).text
            assert (page.count(word), page.count(said)) == (1, 1)
