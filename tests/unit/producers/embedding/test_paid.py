"""What was paid for a moment before a crash is found by the next process, and by nobody else."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.embedder import FakeEmbedder, settle

from muniment.producers.embedding import coalescing
from muniment.producers.embedding import paid as module
from muniment.producers.embedding.coalescing import CoalescingEmbedder
from muniment.producers.embedding.embedder import Embedded, Purpose
from muniment.producers.embedding.paid import Paid, RememberingEmbedder, paying_for
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

CRASHES = """
import asyncio, os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from support.embedder import FakeEmbedder
from muniment.producers.embedding.coalescing import CoalescingEmbedder
from muniment.producers.embedding.noting import answered
from muniment.producers.embedding.paid import Paid, paying_for
class Adapter(FakeEmbedder):
    async def embed(self, texts, *, purpose):
        answer = await super().embed(texts, purpose=purpose)
        answered(answer)
        if "dies at once" in texts:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
async def main():
    embedder = CoalescingEmbedder(Adapter(), batch=2, paid=Paid(Path(sys.argv[1]), "fake", 8))
    with paying_for("acme"):
        await embedder.embed(sys.argv[3:], purpose="passage")
asyncio.run(main())
os.kill(os.getpid(), signal.SIGKILL)
"""


def crashed(folder: Path, *texts: str) -> None:
    """A process that embeds `a` and `b`, or these texts, and is killed before it could say so to anybody."""
    tests = str(Path(__file__).parents[3])
    words = [sys.executable, "-c", CRASHES, str(folder), tests, *(texts or ("a", "b"))]
    done = subprocess.run(words, check=False)
    assert done.returncode == -signal.SIGKILL


class Slow(FakeEmbedder):
    """Answers every call at once but those with `c`, which wait for `late`."""

    def __init__(self) -> None:
        super().__init__()
        self.late = asyncio.Event()

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """See `FakeEmbedder`."""
        if "c" in texts:
            await self.late.wait()
        return await super().embed(texts, purpose=purpose)


def remembering(folder: Path, model: str = "fake") -> tuple[RememberingEmbedder, FakeEmbedder, Paid]:
    inner, paid = FakeEmbedder(), Paid(folder, model, 8)
    return RememberingEmbedder(CoalescingEmbedder(inner, batch=2, paid=paid), paid), inner, paid


@pytest.fixture(autouse=True)
def acme() -> Iterator[None]:
    """All that these tests embed is one tenant's, unless they say otherwise."""
    with paying_for("acme"):
        yield


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_successor_pays_only_for_what_is_new(tmp_path: Path) -> None:
    """Vectors in the order of the texts, as exact as the log keeps them; tokens only of what was asked for."""
    crashed(tmp_path)
    embedder, inner, _ = remembering(tmp_path)
    found = await embedder.embed(["b", "new", "a"], purpose="passage")
    assert inner.calls == [("passage", ("new",))]
    assert found.tokens == len("new")
    wanted = np.stack([inner.vector(text, "passage") for text in ("b", "new", "a")])
    assert np.array_equal(found.vectors.astype(np.float16), wanted.astype(np.float16))


async def test_an_answer_is_noted_by_the_time_that_its_adapter_hands_it_on(tmp_path: Path) -> None:
    """Killed right there, before any of the layers round the adapter has run: the call is not paid for again."""
    crashed(tmp_path, "dies at once", "a")
    embedder, inner, _ = remembering(tmp_path)
    await embedder.embed(["dies at once", "a"], purpose="passage")
    assert inner.calls == []


async def test_each_call_of_a_batch_is_noted_as_it_comes(tmp_path: Path) -> None:
    """Of three calls two are answered: a kill then costs the third, and not those that wait for it."""
    inner, paid = Slow(), Paid(tmp_path, "fake", 8)
    embedder = CoalescingEmbedder(inner, batch=1, concurrency=3, paid=paid)
    waiting = asyncio.create_task(embedder.embed(["a", "b", "c"], purpose="passage"))
    await settle()
    assert not waiting.done()
    assert set(Paid(tmp_path, "fake", 8).known("acme", ["a", "b", "c"])) == {"a", "b"}
    inner.late.set()
    await waiting
    paid.close()


async def test_what_is_all_known_asks_nobody(tmp_path: Path) -> None:
    """So that it goes on while the endpoint is away."""
    crashed(tmp_path)
    embedder, inner, _ = remembering(tmp_path)
    assert (await embedder.embed(["a"], purpose="passage")).tokens == 0
    assert inner.calls == []


async def test_what_a_living_process_was_given_is_not_paid_for_by_another(tmp_path: Path) -> None:
    """Work moves between living processes, too: whatever one wrote, also after it was first seen, the other finds."""
    one, _, paid = remembering(tmp_path)
    await one.embed(["a"], purpose="passage")
    other, inner, _ = remembering(tmp_path)
    await other.embed(["a"], purpose="passage")
    await one.embed(["late", "later"], purpose="passage")
    await other.embed(["a", "late", "later"], purpose="passage")
    assert inner.calls == []
    paid.close()
    await other.embed(["a", "late", "later", "new"], purpose="passage")
    assert inner.calls == [("passage", ("new",))]


async def test_a_record_that_is_half_written_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    """The writer is in the middle of an append: the reader goes on where the last whole record ended."""
    one, _, paid = remembering(tmp_path)
    await one.embed(["a", "b"], purpose="passage")
    paid.close()
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    other, inner, _ = remembering(tmp_path)
    await other.embed(["a"], purpose="passage")
    file.write_bytes(whole)
    await other.embed(["b"], purpose="passage")
    assert inner.calls == []


async def test_what_was_asked_when_its_caller_went_is_not_asked_again(tmp_path: Path) -> None:
    """The endpoint will have done the work: the answer is waited for, and is there for whoever takes the work up."""
    one, inner, _ = remembering(tmp_path)
    inner.gate.clear()
    gone = asyncio.create_task(one.embed(["a"], purpose="passage"))
    await settle()
    gone.cancel()
    await settle()
    again = asyncio.create_task(one.embed(["a"], purpose="passage"))
    await settle()
    inner.gate.set()
    assert (await again).tokens == 1
    other, fresh, _ = remembering(tmp_path)
    assert (await other.embed(["a"], purpose="passage")).tokens == 0
    assert (inner.calls, fresh.calls) == ([("passage", ("a",))], [])


async def test_an_end_waits_for_answers_that_are_paid_for(tmp_path: Path) -> None:
    """Work that moves to another process is cancelled in the middle of a call: the other finds its answer."""
    inner, paid = FakeEmbedder(), Paid(tmp_path, "fake", 8)
    embedder = CoalescingEmbedder(inner, paid=paid)
    inner.gate.clear()
    gone = asyncio.create_task(embedder.embed(["a"], purpose="passage"))
    await settle()
    gone.cancel()
    closing = asyncio.create_task(embedder.close())
    await settle()
    inner.gate.set()
    await closing
    other, fresh, _ = remembering(tmp_path)
    assert (await other.embed(["a"], purpose="passage")).tokens == 0
    assert fresh.calls == []


async def test_an_endpoint_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the call's place nor the end of the process hangs on it."""
    monkeypatch.setattr(coalescing, "UNWANTED_S", 0.01)
    inner, paid = FakeEmbedder(), Paid(tmp_path, "fake", 8)
    embedder = CoalescingEmbedder(inner, concurrency=1, paid=paid)
    inner.gate.clear()
    for _ in range(2):
        gone = asyncio.create_task(embedder.embed(["a"], purpose="passage"))
        await settle()
        gone.cancel()
        assert inner.in_flight == 1
        await settle_until(lambda: inner.in_flight == 0)
    waiting = asyncio.create_task(embedder.embed(["b"], purpose="passage"))
    await settle()
    await asyncio.wait_for(embedder.close(), 60)
    with pytest.raises(StepFailure):
        await waiting


async def test_another_model_finds_nothing(tmp_path: Path) -> None:
    """Vectors of two models are never mixed."""
    crashed(tmp_path)
    embedder, inner, _ = remembering(tmp_path, "another")
    await embedder.embed(["a"], purpose="passage")
    assert len(inner.calls) == 1


async def test_questions_are_not_remembered(tmp_path: Path) -> None:
    """They are no work that is taken up again, and nobody's to keep."""
    embedder, _, paid = remembering(tmp_path)
    await embedder.embed(["why"], purpose="query")
    paid.close()
    assert not files(tmp_path)


async def test_a_record_that_a_kill_cut_is_passed_over(tmp_path: Path) -> None:
    """Half a vector is none; those before it are whole."""
    crashed(tmp_path)
    (file,) = files(tmp_path)
    os.truncate(file, file.stat().st_size - 5)
    embedder, inner, _ = remembering(tmp_path)
    await embedder.embed(["a", "b"], purpose="passage")
    assert inner.calls == [("passage", ("b",))]


async def test_what_is_old_is_removed(tmp_path: Path) -> None:
    """Vectors are personal: they do not lie about longer than they are of use."""
    crashed(tmp_path)
    (file,) = files(tmp_path)
    long_ago = time.time() - module.KEPT_S - 1
    os.utime(file, (long_ago, long_ago))
    embedder, inner, _ = remembering(tmp_path)
    await embedder.embed(["a"], purpose="passage")
    assert len(inner.calls) == 1
    await gone(file)


async def gone(file: Path) -> None:
    async with asyncio.timeout(60):
        while file.exists():  # noqa: ASYNC110, ASYNC240 - removed by a thread
            await asyncio.sleep(0.01)


async def test_a_process_that_has_nothing_to_do_drops_its_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to come by for that."""
    embedder, inner, paid = remembering(tmp_path)
    loop, dropping = asyncio.get_running_loop(), list[Callable[[], object]]()
    later = loop.call_later

    def call_later(seconds: float, call: Any, *arguments: Any, **how: Any) -> Any:
        if call == paid._drop:
            assert seconds == 2 * module.KEPT_S
            dropping.append(partial(call, *arguments))
        return later(seconds, call, *arguments, **how)

    monkeypatch.setattr(loop, "call_later", call_later)
    await embedder.embed(["a"], purpose="passage")
    (file,) = files(tmp_path)
    (drop,) = dropping
    drop()
    await gone(file)
    await embedder.embed(["a"], purpose="passage")
    assert len(inner.calls) == 2, "and with the file what it said"
    paid.close()


async def test_no_more_is_kept_than_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk does not fill while a process lives long."""
    monkeypatch.setattr(module, "FILE_BYTES", 100)
    embedder, _, paid = remembering(tmp_path)
    for n in range(40):
        await embedder.embed([f"text {n}"], purpose="passage")
    async with asyncio.timeout(60):
        while len(left := files(tmp_path)) > 2:  # noqa: ASYNC110 - removed by a thread
            await asyncio.sleep(0.01)
    assert len(left) == 2
    assert sum(path.stat().st_size for path in left) <= 300
    paid.close()


async def test_a_disk_that_takes_nothing_is_no_failure(tmp_path: Path) -> None:
    """The vectors are there; only a crash would cost more."""
    (tmp_path / "file").write_text("in the way")
    embedder, inner, _ = remembering(tmp_path / "file")
    assert len((await embedder.embed(["a"], purpose="passage")).vectors) == 1
    assert len(inner.calls) == 1


async def test_a_failure_comes_out_and_nothing_is_noted(tmp_path: Path) -> None:
    """What was not answered was not paid for."""
    embedder, inner, paid = remembering(tmp_path)
    inner.script = lambda _texts: StepFailure(ErrorCode.PROVIDER_RATE_LIMITED, "later", retry_after_s=3)
    with pytest.raises(StepFailure, match="later"):
        await embedder.embed(["a"], purpose="passage")
    paid.close()
    assert Paid(tmp_path, "fake", 8).known("acme", ["a"]) == {}


async def test_what_was_answered_before_the_rest_of_a_batch_failed_is_not_asked_for_again(tmp_path: Path) -> None:
    """Two calls of a batch: one is answered, one turned away. The repeat asks for what is missing."""
    embedder, inner, _ = remembering(tmp_path)
    failure = StepFailure(ErrorCode.PROVIDER_RATE_LIMITED, "later", retry_after_s=3)
    inner.script = lambda texts: failure if "c" in texts else None
    with pytest.raises(StepFailure, match="later"):
        await embedder.embed(["a", "b", "c"], purpose="passage")
    inner.script = lambda _texts: None
    inner.calls.clear()
    found = await embedder.embed(["a", "b", "c"], purpose="passage")
    assert inner.calls == [("passage", ("c",))]
    assert len(found.vectors) == 3


async def test_a_vector_is_given_to_nobody_else(tmp_path: Path) -> None:
    """Another tenant with the same text pays for itself, and cannot tell that somebody had it."""
    crashed(tmp_path)
    embedder, inner, _ = remembering(tmp_path)
    with paying_for("globex"):
        assert (await embedder.embed(["a"], purpose="passage")).tokens == 1
    with paying_for(""):
        await embedder.embed(["a"], purpose="passage")
    assert len(inner.calls) == 2


async def test_after_an_erasure_nothing_is_remembered(tmp_path: Path) -> None:
    """Own files go, and those of processes that are gone; a living one looks after its own."""
    await asyncio.to_thread(crashed, tmp_path)
    embedder, inner, paid = remembering(tmp_path)
    other, _, others = remembering(tmp_path)
    await embedder.embed(["a", "c"], purpose="passage")
    await other.embed(["d"], purpose="passage")
    assert len(files(tmp_path)) == 3
    paid.forget()
    await settle_until(lambda: len(files(tmp_path)) == 1)
    asked = len(inner.calls)
    await embedder.embed(["a"], purpose="passage")
    assert len(inner.calls) == asked + 1, "it has to be asked for again"
    paid.close()
    others.close()


async def settle_until(done: Callable[[], bool]) -> None:
    """Files are overwritten beside the loop."""
    for _ in range(6000):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


async def test_what_was_asked_before_an_erasure_is_not_noted_after_it(tmp_path: Path) -> None:
    """A call that was sent, and one that waits for its turn, may be of erased text: answers are used, not kept."""
    inner, paid = FakeEmbedder(), Paid(tmp_path, "fake", 8)
    embedder = CoalescingEmbedder(inner, batch=1, concurrency=1, paid=paid)
    inner.gate.clear()
    waiting = [asyncio.create_task(embedder.embed([text], purpose="passage")) for text in ("sent", "in line")]
    await settle()
    paid.forget()
    late = asyncio.create_task(embedder.embed(["sent", "new"], purpose="passage"))
    await settle()
    inner.gate.set()
    for one in waiting:
        assert len((await one).vectors) == 1
    assert len((await late).vectors) == 2
    assert set(paid.known("acme", ["sent", "in line", "new"])) == {"new"}
    paid.close()


async def test_what_goes_on_without_its_caller_is_not_noted_after_an_erasure(tmp_path: Path) -> None:
    """The erased document's work was ended, and its call is waited for because it is paid for: it leaves nothing."""
    embedder, inner, paid = remembering(tmp_path)
    inner.gate.clear()
    gone = asyncio.create_task(embedder.embed(["erased"], purpose="passage"))
    await settle()
    gone.cancel()
    await settle()
    paid.forget()
    inner.gate.set()
    await settle_until(lambda: not inner.in_flight)
    await settle()
    assert not files(tmp_path)
    assert paid.known("acme", ["erased"]) == {}


async def test_a_file_that_another_process_removes_meanwhile_ends_no_erasure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All hear of it at once and clear away what the dead left: who is too late at one file goes on to the next."""
    for text in ("a", "b", "c"):
        embedder, _, others = remembering(tmp_path)
        await embedder.embed([text], purpose="passage")
        others.close()
    _, _, paid = remembering(tmp_path)
    looked: list[Path] = []

    def left(path: Path) -> bool:
        looked.append(path)
        if len(looked) == 1:
            raise FileNotFoundError(path)
        return True

    monkeypatch.setattr(module, "_left", left)
    paid.forget()
    await settle_until(lambda: not any(path.exists() for path in looked[1:]))
    assert len(looked) == 3


async def test_after_an_erasure_nothing_is_taken_from_a_file_that_was_there(tmp_path: Path) -> None:
    """Another process drops its own file when it hears: until then it may hold erased text; its next file is read."""
    mine, inner, paid = remembering(tmp_path)
    other, _, others = remembering(tmp_path)
    await other.embed(["erased"], purpose="passage")
    await mine.embed(["erased"], purpose="passage")
    paid.forget()
    await other.embed(["more"], purpose="passage")
    assert paid.known("acme", ["erased", "more"]) == {}
    others.forget()
    await settle_until(lambda: not files(tmp_path))
    await other.embed(["later"], purpose="passage")
    assert set(paid.known("acme", ["erased", "more", "later"])) == {"later"}
    assert inner.calls == []
    others.close()


async def test_what_others_noted_before_they_heard_leaves_the_memory_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is asked for nothing holds no vectors that the other has dropped."""
    monkeypatch.setattr(module, "HEARD_S", 0.05)
    _, _, paid = remembering(tmp_path)
    other, _, others = remembering(tmp_path)
    paid.forget()
    await other.embed(["erased"], purpose="passage")
    assert set(paid.known("acme", ["erased"])) == {"erased"}
    others.forget()
    await settle_until(lambda: not files(tmp_path))
    await settle_until(lambda: not paid._found)


async def test_a_file_says_when_it_was_begun(tmp_path: Path) -> None:
    """Its time on disk says only when it was written last, and one with erased text is written on."""
    before = time.time()
    embedder, _, paid = remembering(tmp_path)
    await embedder.embed(["a"], purpose="passage")
    (file,) = files(tmp_path)
    assert before - 0.002 <= module.begun_at(file) <= time.time()
    assert module.begun_at(Path("1-abc")) == 0.0
    paid.close()
