"""`python -m muniment.infra.analytics --out DIR`: land the topics, then answer the five questions."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError
from rich.console import Console

from muniment.infra.analytics.landing import GROUP, Landing, Wanted
from muniment.infra.analytics.questions import Answer, ask
from muniment.infra.cli import render
from muniment.infra.cli.failing import explained, tell
from muniment.infra.not_set import required
from muniment.infra.stack.record import load_settings
from muniment.infra.writable import writing_to
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.topics import REDELIVERY, TOPICS

LEFT_OUT = frozenset(REDELIVERY.values())
"""Records on their way back to a step: a second copy of what waited."""
LANDED = tuple(topic.name for topic in TOPICS if topic not in LEFT_OUT)


_UNBOUNDED = 10_000
"""A width that no table reaches, columns."""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m muniment.infra.analytics", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the Parquet files; kept from run to run")
    parser.add_argument("--tenant", default="", help="land records of this tenant only")
    parser.add_argument("--group", default=GROUP, help="consumer group; members of one share the work")
    parser.add_argument("--follow", action="store_true", help="go on landing until interrupted, and answer nothing")
    parser.add_argument("--json", action="store_true", help="answers as JSON")
    return parser.parse_args(words)


def main() -> int:
    """Land what is on the log, and answer."""
    asked = arguments()
    try:
        bootstrap = required(load_settings().kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
        with writing_to(asked.out):
            asked.out.mkdir(parents=True, exist_ok=True)
            asyncio.run(_land(bootstrap, asked))
    except KeyboardInterrupt:
        return 0
    except Exception as error:
        sentence = explained(error)
        if sentence is None:
            raise
        tell(sentence)
        return 1
    answers = ask(asked.out)
    if asked.json:
        sys.stdout.write(json.dumps(answers, indent=2, default=str) + "\n")
    else:
        _show(answers)
    return 0


async def _land(bootstrap: str, asked: argparse.Namespace) -> None:
    landing = Landing(bootstrap, asked.out, Wanted(LANDED, asked.tenant), group=asked.group)
    try:
        await landing.run(once=not asked.follow)
    except (KafkaError, TimeoutError) as error:
        told = f"the log cannot be read now: {type(error).__name__}; what is landed stays: give the same command again"
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, told) from error


def _show(answers: dict[str, Answer]) -> None:
    console = Console()
    for question, rows in answers.items():
        console.print(f"\n[bold]{question.replace('_', ' ')}[/bold]")
        if not rows:
            console.print("nothing")
            continue
        columns = tuple(rows[0])
        numbers = {name for name in columns if isinstance(rows[0][name], int | float)}
        shown = [[_shown(value) for value in row.values()] for row in rows]
        table = render.table(columns, shown, right=numbers, whole=columns)
        # Wider than the terminal before an id is broken or cut: it is there to be copied.
        needed = Console(width=_UNBOUNDED).measure(table).maximum
        Console(width=max(console.width, needed)).print(table)


def _shown(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value


if __name__ == "__main__":
    sys.exit(main())
