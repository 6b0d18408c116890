"""`make bench`: measure the stack beside a floor without durability, print a table, write `.muniment/bench.json`.

Order: floor, stack, floor again, each in fresh tables and with only its own processes running; the two floors are
averaged. All use the same Postgres and the same embedding endpoint of fixed latency. `--documents N` is the short form;
`--only PART` measures one part on a stack with those documents, without the floors, into a file of its own.
"""

import argparse
import asyncio
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from uuid import UUID, uuid4

import uvloop
from rich.console import Console

from muniment.infra import bootstrap
from muniment.infra.bench import (
    channels,
    corpus,
    cpu,
    encryption,
    endpoint,
    floor,
    floor_tables,
    log_size,
    memory,
    ours,
    sealing,
    streams,
    trail,
)
from muniment.infra.bench import figures as results
from muniment.infra.bench.endpoint import FixedEndpoint
from muniment.infra.bench.figures import Figure
from muniment.infra.bench.floor import Taken
from muniment.infra.bench.parts import DOCUMENTS, PARTS, Given
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.infra.stack import record, scratch

INSTALLED = Path(".muniment").resolve()
FOLDER = INSTALLED / "bench"
HOME = FOLDER / "home"
WARM_UP_SHARE = 10
"""A tenth of the documents goes first, on both sides: it warms up, and is the small end of the memory comparison."""
THROUGHPUT, GROWTH, STOPPED_S = 0.7, 1.15, 15.0
console = Console(highlight=False)


@dataclass
class Bench:
    """One run: what goes in, and what came out so far."""

    files: list[Path]
    warm: list[Path]
    fixed: FixedEndpoint
    figures: list[Figure] = field(default_factory=list)
    floors: list[Taken] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The stack's settings that are not the defaults."""
        return {
            "OPENAI_BASE_URL": self.fixed.base_url,
            "MUNIMENT_EMBEDDING_MODEL": self.fixed.model,
            "MUNIMENT_EMBEDDING_REQUESTS_PER_MINUTE": "1000000",
            **streams.SETTINGS,
            **channels.SETTINGS,
        }

    def given(
        self,
        stack: ours.Ours,
        settings: Settings,
        documents: dict[UUID, Path],
        seconds: float,
        program: floor.Floor | None = None,
    ) -> Given:
        """What a part may use, now that these documents have taken so many seconds."""
        return Given(stack, program, self.fixed, settings, self.settings, HOME, FOLDER, self.files, documents, seconds)

    def loaded(self) -> Settings:
        """The settings of the stack that runs now."""
        return record.load_settings(home=HOME, openai_base_url=self.fixed.base_url, embedding_model=self.fixed.model)


def main() -> int:
    """Run it all; exit code 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="muniment.infra.bench", description=__doc__)
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="how many are timed (default: %(default)s)")
    parser.add_argument(
        "--only", choices=[name for name, part in PARTS.items() if not part.floor], help="one part alone"
    )
    given = parser.parse_args()
    return uvloop.run(_run(given.documents, given.only))


async def _run(count: int, only: str | None = None) -> int:
    task = asyncio.current_task()
    assert task is not None
    # Whoever asks it to end leaves neither a stack nor an endpoint behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    scratch.make(HOME, INSTALLED)
    for name in ("documents", "small", "work"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True)
    warm = max(1, count // WARM_UP_SHARE)
    files = corpus.gather(FOLDER / "documents", count + warm)
    async with endpoint.served(Settings().embedding_dimensions) as fixed:
        bench = Bench(files[warm:], files[:warm], fixed)
        try:
            if only:
                await _alone(bench, only)
            else:
                await _floor(bench)
                await _stack(bench)
                await _floor(bench)
        finally:
            await _muniment(bench, "down", check=False)
    figures = bench.figures if only else [*_throughput(bench), *bench.figures]
    results.show(console, figures)
    results.write(INSTALLED / (f"bench-{only}.json" if only else "bench.json"), figures)
    return 0 if all(figure.met is not False for figure in figures) else 1


async def _muniment(bench: Bench, *words: str, check: bool = True) -> None:
    await asyncio.to_thread(scratch.muniment, HOME, *words, settings=bench.settings, check=check)


async def _floor(bench: Bench) -> None:
    console.rule(f"[bold]floor, {len(bench.files)} documents")
    await _muniment(bench, "up", "--detach", "--only", "postgres")
    settings = bench.loaded()
    address = await floor_tables.fresh(bootstrap.database_url(settings), settings.embedding_dimensions)
    async with floor.opened(settings, address, bench.fixed, FOLDER / "work") as program:
        await program.take(bench.warm)
        before = cpu.spent(HOME)
        taken = await program.take(bench.files)
        bench.figures.append(cpu.figure("floor", before, cpu.spent(HOME), taken.chunks))
    bench.floors.append(taken)
    console.print(
        f"{taken.chunks} chunks of {taken.documents} documents in {taken.seconds:.1f} s, {taken.refused} refused"
    )
    await _muniment(bench, "down")


async def _stack(bench: Bench) -> None:
    console.rule("[bold]stack")
    await _muniment(bench, "up", "--detach")
    settings = bench.loaded()
    database_url = bootstrap.database_url(settings)
    async with (
        ours.opened(HOME, database_url) as stack,
        floor.opened(settings, floor_tables.address(database_url), bench.fixed, FOLDER / "work") as program,
    ):
        documents, seconds = await _first_time(bench, stack, settings)
        for part in PARTS.values():
            console.print(part.title)
            bench.figures += await part.measure(bench.given(stack, settings, documents, seconds, program))
    await _ended(bench)


async def _alone(bench: Bench, part: str) -> None:
    console.rule(f"[bold]{part}, {len(bench.files)} documents")
    await _muniment(bench, "up", "--detach")
    settings = bench.loaded()
    async with ours.opened(HOME, bootstrap.database_url(settings)) as stack:
        await stack.take(_named(bench.warm))
        documents = _named(bench.files)
        seconds = await stack.take(documents)
        bench.figures += await PARTS[part].measure(bench.given(stack, settings, documents, seconds))
    await _ended(bench)


async def _ended(bench: Bench) -> None:
    began = perf_counter()
    await _muniment(bench, "down")
    bench.figures.append(Figure("stop of the whole stack", perf_counter() - began, "s", STOPPED_S))


async def _first_time(bench: Bench, stack: ours.Ours, settings: Settings) -> tuple[dict[UUID, Path], float]:
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    await stack.take(_named(bench.warm))
    small, chunks, log = memory.resident(HOME), await stack.chunks(), await log_size.measured(brokers, HOME)
    documents, before = _named(bench.files), cpu.spent(HOME)
    seconds = await stack.take(documents)
    after, chunks = cpu.spent(HOME), await stack.chunks() - chunks
    console.print(f"{chunks} chunks of {len(documents)} documents in {seconds:.1f} s")
    bench.figures.append(Figure("stack, chunks to searchable", chunks / seconds, "chunks/s"))
    large = memory.resident(HOME)
    grown = (await log_size.measured(brokers, HOME)).since(log)
    bench.figures += [
        cpu.figure("stack", before, after, chunks),
        Figure("records a document on the log", grown.records / len(documents), "records"),
        Figure("bytes a chunk on the log", grown.bytes / max(1, chunks), "B"),
        *_growth(small, large, len(bench.warm), len(documents)),
    ]
    console.print("sealing all of it once more")
    pipeline_s = sum(after[name] - before.get(name, 0.0) for name in after if name != cpu.HERE)
    bench.figures += await sealing.sealing(settings, HOME, pipeline_s, seconds)
    bench.figures += await encryption.measured(settings, pipeline_s, grown.records)
    bench.figures += await trail.measured(FOLDER / "work")
    return documents, seconds


def _named(files: Sequence[Path]) -> dict[UUID, Path]:
    return {uuid4(): file for file in files}


def _growth(small: dict[str, float], large: dict[str, float], before: int, after: int) -> list[Figure]:
    note = "{:.0f} MiB after {} documents, {:.0f} MiB after {} more"
    return [
        Figure(
            f"memory of {name}, growth",
            large[name] / small[name],
            "",
            GROWTH,
            note=note.format(small[name], before, large[name], after),
        )
        for name in small
    ]


def _throughput(bench: Bench) -> list[Figure]:
    rates = [taken.chunks / taken.seconds for taken in bench.floors]
    floors = sum(rates) / len(rates)
    ours_rate = next(figure.value for figure in bench.figures if figure.unit == "chunks/s")
    note = "floor, stack, floor; the floors: " + " and ".join(f"{rate:.0f}" for rate in rates) + " chunks/s"
    return [
        Figure("chunks to searchable, ours / floor", ours_rate / floors, "", THROUGHPUT, at_least=True, note=note),
        Figure("floor, chunks to searchable", floors, "chunks/s"),
    ]
