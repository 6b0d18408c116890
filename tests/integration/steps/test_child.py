"""Work in real child processes: what comes back, what is seen of it, and what is left when it goes wrong."""

import asyncio
import contextlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from support import child_work
from support.steps import names_in

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.stream_apps.child import Children, ChildRun
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.work import Work, work
from muniment.stream_apps.scrubbing.kinds import ALL


@pytest.fixture
def children() -> Children:
    """Two children at most; they end with the event loop of the test."""
    return Children(2)


async def until(true: Callable[[], bool], within_s: float = 90) -> None:
    """Wait for something that another process does."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - no other process sets our events
            await asyncio.sleep(0.01)


async def finished(run: ChildRun[Any], every_s: float = 0.02) -> tuple[Any, list[tuple[int, int, str]]]:
    """The result of a run, and what was seen of it on the way."""
    seen = [state async for state in run.progress(every_s)]
    return run.result, seen


def a_run(children: Children, tmp_path: Path, work: Any, *args: object) -> ChildRun[Any]:
    return ChildRun(children, work, *args, progress=tmp_path / "progress")


async def gone(pid: int) -> None:
    """Wait until a process is no more."""
    await until(lambda: not psutil.pid_exists(pid))


async def pid_in(file: Path) -> int:
    """The number in a file, once it is there."""
    await until(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(await asyncio.to_thread(file.read_text))


async def test_the_result_comes_back(children: Children, tmp_path: Path) -> None:
    """What the function returned, also when that is nothing."""
    assert (await finished(a_run(children, tmp_path, child_work.add, 2, 3)))[0] == 5
    assert (await finished(a_run(children, tmp_path, child_work.nothing)))[0] is None


async def test_progress_is_seen_once_each(children: Children, tmp_path: Path) -> None:
    """States come in order, none twice, while the work goes on."""
    run, seen = a_run(children, tmp_path, child_work.tell, tmp_path / "progress", 5), []
    async for state in run.progress(0.02):
        seen.append(state)
        (tmp_path / f"seen {len(seen)}").touch()
    assert run.result == "told"
    assert seen == [(done, 5, "pages") for done in range(1, 6)]


async def test_refusals_and_failures_cross_the_border(children: Children, tmp_path: Path) -> None:
    """With code, sentence, and what a subclass adds."""
    with pytest.raises(Refused) as refused:
        await finished(a_run(children, tmp_path, child_work.refuse))
    assert (refused.value.code, refused.value.detail) == (ErrorCode.NO_TEXT, "there is no text in it")
    with pytest.raises(StepFailure) as failed:
        await finished(a_run(children, tmp_path, child_work.fail_with_patience))
    assert failed.value.retry_after_s == 7.5


@pytest.mark.parametrize(
    "death", [(child_work.exit_at_once, 0), (child_work.exit_at_once, 9), (child_work.kill_itself,)]
)
async def test_a_child_that_dies_is_the_extractors_crash(
    children: Children, tmp_path: Path, death: tuple[Any, ...]
) -> None:
    """Whatever it dies of; and the next piece of work finds a new child."""
    with pytest.raises(StepFailure) as failed:
        await finished(a_run(children, tmp_path, *death))
    assert failed.value.code is ErrorCode.EXTRACTOR_CRASHED
    assert (await finished(a_run(children, tmp_path, child_work.add, 1, 1)))[0] == 2


async def test_what_libraries_print_disturbs_nothing(children: Children, tmp_path: Path) -> None:
    """The pipe carries results only; a child is used again."""
    first = await finished(a_run(children, tmp_path, child_work.chatter))
    assert first == await finished(a_run(children, tmp_path, child_work.chatter))


async def test_a_time_out_kills_the_child(children: Children, tmp_path: Path) -> None:
    """A child that hangs is gone when the caller hears of the time-out, and its place is free."""
    pid_file = tmp_path / "pid"
    run = a_run(children, tmp_path, child_work.hang, pid_file)
    task = asyncio.create_task(finished(run))
    pid = await pid_in(pid_file)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await task
    await gone(pid)
    assert children.places.taken == 0


async def test_waiting_for_a_child_is_not_the_documents_time(tmp_path: Path) -> None:
    """Behind a slow document quick ones wait longer than their own limit, and are none the worse for it."""
    children = Children(1)
    await finished(a_run(children, tmp_path / "none", child_work.own_pid))
    slow = ChildRun(children, child_work.own_pid, 6.0, progress=tmp_path / "none", limit_s=90)
    quick = [ChildRun(children, child_work.own_pid, progress=tmp_path / "none", limit_s=5.5) for _ in range(3)]
    assert len(await asyncio.gather(*(finished(run) for run in (slow, *quick)))) == 4


async def test_a_child_has_its_limit(tmp_path: Path) -> None:
    """Reckoned from when it has a place; then it is killed, and whoever waited behind it goes on."""
    children, pid_file = Children(1), tmp_path / "pid"
    await finished(a_run(children, tmp_path / "none", child_work.own_pid))  # a new child is slow at first
    hanging = ChildRun(children, child_work.hang, pid_file, progress=tmp_path / "none", limit_s=3)
    hung = asyncio.create_task(finished(hanging))
    pid = await pid_in(pid_file)
    behind = asyncio.create_task(finished(a_run(children, tmp_path / "none", child_work.add, 1, 2)))
    with pytest.raises(StepFailure) as failed:
        await hung
    assert failed.value.code is ErrorCode.STEP_TIMEOUT
    await gone(pid)
    assert (await behind)[0] == 3


async def test_giving_up_the_iteration_kills_the_child(children: Children, tmp_path: Path) -> None:
    """A step that is closed while it tells of its progress leaves no child behind."""
    pid_file = tmp_path / "pid"
    run = a_run(children, tmp_path, child_work.hang, pid_file)
    (tmp_path / "progress").write_text("1 2 pages\n")
    async with contextlib.aclosing(run.progress(0.02)) as states:
        assert await anext(states) == (1, 2, "pages")
        pid = await pid_in(pid_file)
    await gone(pid)
    assert children.places.taken == 0


async def test_children_are_no_more_than_allowed(children: Children, tmp_path: Path) -> None:
    """Six pieces of work, two processes."""
    runs = [a_run(children, tmp_path, child_work.own_pid, 0.1) for _ in range(6)]
    pids = [pid for pid, _ in await asyncio.gather(*(finished(run) for run in runs))]
    assert len(set(pids)) == 2


async def test_warm_children_are_there_before_the_first_document(children: Children, tmp_path: Path) -> None:
    """Each child was prepared, and the work that comes is done by one of them."""
    warming = asyncio.create_task(children.keep_warm(child_work.note_pid, tmp_path, 0.3, every_s=60))
    try:
        await until(lambda: len(names_in(tmp_path)) == 2 and not children.places.taken)
        pid, _ = await finished(a_run(children, tmp_path / "none", child_work.own_pid))
        assert str(pid) in names_in(tmp_path)
    finally:
        warming.cancel()


@pytest.mark.parametrize("bad", [child_work.note_and_fail, child_work.note_pid])
async def test_warming_goes_on_whatever_a_child_does(children: Children, tmp_path: Path, bad: Any) -> None:
    """A preparation that fails (a tokenizer that is not there yet) is tried again: it fails no document."""
    args = (tmp_path,) if bad is child_work.note_and_fail else (tmp_path, 0.0)
    warming = asyncio.create_task(children.keep_warm(bad, *args, every_s=0.05))
    try:
        await until(lambda: bool(names_in(tmp_path)))
        await asyncio.sleep(0.5)
        assert not warming.done()
        assert (await finished(a_run(children, tmp_path / "none", child_work.add, 1, 2)))[0] == 3
    finally:
        warming.cancel()
        await asyncio.wait({warming})


async def test_a_large_document_does_not_pass_through_the_parent(children: Children, tmp_path: Path) -> None:
    """5 MB of text go from file to file: the parent holds less than one of them."""
    source = tmp_path / "source"
    with source.open("w") as out:
        for number in range(60_000):
            out.write(f"Line {number} of a long text that goes on and on, with words enough to fill it well up.\n\n")
    task = Work(source, tmp_path / "text", tmp_path / "progress", "a.txt", Limits(), ALL)
    tracemalloc.start()
    try:
        result, seen = await finished(a_run(children, tmp_path, work, task), every_s=0.1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.characters > 5_000_000
    assert seen
    assert peak < 1_000_000
