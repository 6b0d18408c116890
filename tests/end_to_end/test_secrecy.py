"""What is personal stands in clear where it has to, and nowhere else."""

import subprocess
from contextlib import suppress
from pathlib import Path

import asyncpg
from support.formats import MAIL
from support.stack import Api, Stack

WORD = "chrysoberylfox"
NAME = "severance-of-an-unnamed-person.md"
VALUE = "projectmagentaheron"


def found_in(folder: Path, *words: str) -> list[str]:
    """Files below a folder that hold one of these, as bytes."""
    asked = [part for word in words for part in ("-e", word)]
    done = subprocess.run(["grep", "-rlaF", *asked, str(folder)], capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if line]


def test_the_log_and_the_logs_hold_nothing_in_clear(stack: Stack, api: Api) -> None:
    """Neither Kafka's files nor any log line has a word of the text, the file name, metadata or personal data."""
    text = f"# Terms {WORD}\n\nAbout {WORD}: write to {MAIL}, account 900101-1234567. " + f"{WORD} again. " * 50
    done = api.indexed(text, NAME, metadata=f'{{"project": "{VALUE}"}}', title=f"On {WORD}")
    assert api.search(WORD, mode="text", metadata={"project": VALUE}), "search does see it"
    api.ended(api.submit(text.replace("again", "once more"), NAME, document_id=done["document_id"]))
    api.ended(api.submit(b"\x00\x01" + WORD.encode() * 9, NAME))  # and a refused one
    stack.endpoint.misbehave({"kind": "status", "status": 500})
    api.indexed(f"{WORD} after a failed call", f"second-{NAME}")

    secrets = (WORD, "severance-of-an-unnamed", MAIL, VALUE, "900101-1234567")
    assert found_in(stack.home / "kafka", *secrets) == []
    assert found_in(stack.home / "logs", *secrets) == []
    assert found_in(stack.home / "run", *secrets) == []
    assert found_in(stack.home / "work", *secrets) == []


def test_personal_data_is_in_no_read_model(stack: Stack, api: Api) -> None:
    """Of every table of every schema, no row holds what was scrubbed; only the uploaded bytes do."""
    mail, number = "lee.yuna@payroll.example.com", "880229-2345678"
    api.indexed(f"Ask {mail} or {number} about the garnetmoth.", "ask.txt")
    assert api.search("garnetmoth", mode="text")
    tables = stack.rows(
        """select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname !~ '^pg_' and schemaname <> 'information_schema'"""
    )
    for table in tables:
        query = f"select count(*) from {table['name']} as r where r::text like '%' || $1 || '%' or r::text like $2"
        with suppress(asyncpg.UndefinedTableError):  # what has gone meanwhile holds nothing
            assert stack.rows(query, mail, f"%{number}%")[0][0] == 0, table["name"]
    assert found_in(stack.home / "kafka", mail, number) == []
    blobs = found_in(stack.home / "blobs", mail, number)
    assert len(blobs) == 1, "the original, and not the scrubbed text"
