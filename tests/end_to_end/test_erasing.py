"""What was erased is in no file of the house: not in Kafka's segments, not in Postgres' pages, indexes or WAL."""

import io
import json
import mmap
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from support.desk_api import ProjectDesk
from support.files import files_below
from support.stack import Api, Stack, until
from websockets.sync.client import connect

from muniment.infra.settings import Settings
from muniment.producers.signing import Signer

PROGRAMS = frozenset({"lib", "venv", "models", "install", "pginstall"})
"""Folders of programs: nothing is written there."""
SLICE = 24
"""Numbers of a vector that are looked for: by chance nothing else holds as many in a row."""


def files(stack: Stack) -> Iterator[Path]:
    """Every file that the stack has written."""
    roots = [stack.home]
    noted = stack.home / "postgres-home"
    if noted.exists():
        roots.append(Path(noted.read_text().strip()))
    for root in roots:
        yield from files_below(root, without=PROGRAMS)


def holding(stack: Stack, wanted: dict[str, bytes]) -> dict[str, list[str]]:
    """Which files hold which of these bytes."""
    found: dict[str, list[str]] = {}
    for path in files(stack):
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                for name, part in wanted.items():
                    if data.find(part) >= 0:
                        found.setdefault(name, []).append(f"{path} {_relation(stack, path)}")
        except (OSError, ValueError):
            continue  # empty, or gone meanwhile: a WAL segment, a file of vectors
    return found


def _relation(stack: Stack, path: Path) -> str:
    """Which table or index a file of Postgres is, for who has to look for the leak."""
    number = path.name.split(".")[0]
    if "base" not in path.parts or not number.isdigit():
        return ""
    rows = stack.rows("select oid::regclass::text as name from pg_class where relfilenode = $1", int(number))
    return str(rows[0]["name"]) if rows else "no relation"


def vector_bytes(sent: bytes, name: str) -> dict[str, bytes]:
    """A vector as it may lie in a file: as a halfvec, as on the log and the wire, as float32."""
    halves = np.frombuffer(sent, ">f2", offset=4).astype("<f2")
    start = int(np.argmax(halves != 0))
    part = halves[start : start + SLICE]
    assert len(part) == SLICE
    forms = {"halfvec": "<f2", "wire": ">f2", "float32": "<f4"}
    return {f"{name} as {form}": part.astype(kind).tobytes() for form, kind in forms.items()}


def letters() -> str:
    """A word that is nowhere else, and one word: where letters and digits meet, who counts words begins a new one."""
    return uuid4().hex[:12].translate(str.maketrans("0123456789", "ghijklmnop"))


def drafted(api: Api, document_id: str, word: str, asked: str) -> str:
    """A draft that was written from the document, brief and answer with the words in them, and an edit of it."""
    desk = ProjectDesk(api, {"none.md": "Nothing of the kind is said here, nor meant."})
    place = f"/v1/projects/{desk.project_id}/documents"
    assert api.ask("POST", place, json={"add": [document_id]}).is_success
    draft = desk.ask(brief=f"What does each sentence say of {word}? Asked as {asked}.")

    def seen() -> Any:
        found = desk.draft(draft)
        assert found["state"] not in {"refused", "failed", "cancelled"}, found
        return found if found["state"] == "written" else None

    written = until("the draft is written", seen, 120)
    assert word in written["text"]
    edit = api.ask("POST", f"/v1/drafts/{draft['draft_id']}/revise", json={"text": f"My own {word} {asked}. [1]"})
    assert edit.is_success, edit.text
    until("the edit shows", lambda: desk.draft(edit.json())["checked"])
    return str(draft["draft_id"])


def asked_about(stack: Stack, api: Api, word: str) -> None:
    """A search, what is foretold while somebody types, and a question on the live channel that is answered."""
    for mode in ("text", "hybrid"):
        assert api.search(f"{word} and no more", mode=mode)
    address = stack.record().addresses["api"].replace("http", "ws", 1) + "/v1/live"
    with connect(address, additional_headers={"Authorization": f"Bearer {api.key}"}, proxy=None) as socket:
        socket.send(json.dumps({"type": "typing", "id": "t", "text": f"about {word[:8]}"}))
        socket.send(json.dumps({"type": "query", "id": "q", "text": f"What does each sentence say of {word}?"}))
        said = ""
        while (message := json.loads(socket.recv(60)))["type"] != "answer.end":
            said += message["text"] if message["type"] == "answer.delta" else ""
    assert word in said


def exported(api: Api, person: str) -> bytes:
    """All that is handed out to a person, unpacked."""
    answer = api.ask("GET", f"/v1/subjects/{person}/export")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return b"\n".join(archive.read(file) for file in archive.namelist())


def test_what_was_erased_is_in_no_file(stack: Stack) -> None:
    """Words, names and vectors of a person's documents, in work or searchable: every file is looked into, byte by byte.

    With them drafts that were written from them, and what was searched, typed and asked. Before the erasure the same
    look finds all of it, and afterwards still what is somebody else's. What an export hands out is gone. Read models
    that are built anew from the whole log have none of it, and the receipt is signed.
    """
    api = stack.api()
    stems = ("quagga", "quaggafile", "quaggalabel", "dodo", "okapi")
    word, name, label, other, brief = (f"{stem}{letters()}" for stem in stems)
    person = f"person-{uuid4()}"
    text = f"# About {word}\n\n" + "".join(f"Sentence {n} says {word} and no more. " for n in range(80))
    mine = api.indexed(text, f"{name}.md", subject=person, metadata=json.dumps({"project": label}))
    again = f"Second version: each sentence says {word}, and a little more of it."
    api.indexed(again, f"{name}.md", document_id=mine["document_id"])
    api.indexed(f"# The {other}\n\nSomebody else's {other}.", f"{other}.md", subject="somebody else")
    draft = drafted(api, mine["document_id"], word, brief)
    asked_about(stack, api, word)
    stack.endpoint.misbehave(*({"kind": "status", "status": 400} for _ in range(50)))
    working = api.submit(f"In work: {word}.", f"{name}-2.md", subject=person)
    until("its step has failed", lambda: (api.job(working["job_id"]) or {}).get("attempts") or _ended(api, working), 60)
    stack.endpoint.reset()

    rows = stack.rows(
        "select halfvec_send(embedding) as sent from read.chunk_vectors where document_id = $1", mine["document_id"]
    )
    wanted = {"word": word.encode(), "name": name.encode(), "label": label.encode(), "brief": brief.encode()}
    for number, row in enumerate(rows[:3]):
        wanted |= vector_bytes(bytes(row["sent"]), f"vector {number}")
    # What lies in memory still, or in the log across the edge of two pages, is in one piece in its table then.
    stack.rows("checkpoint")
    before = holding(stack, wanted)
    assert {"word", "name", "label", "brief", "vector 0 as halfvec"} <= before.keys(), "the look finds what is there"
    handed_out = exported(api, person)
    assert all(one.encode() in handed_out for one in (word, name, label, brief, draft))
    assert not [path for paths in before.values() for path in paths if "kafka" in Path(path).parts]

    taken = api.ask("POST", "/v1/erasures", json={"subject": person, "reason": "asked by letter"}).json()
    path = f"/v1/erasures/{taken['erasure_id']}"
    done = until(
        "the erasure is completed",
        lambda: (found := api.get(path, token=taken["position"]))["status"] == "completed" and found,
        300,
    )
    assert {mine["document_id"], working["document_id"]} == set(done["documents"])
    assert holding(stack, wanted) == {}
    assert set(holding(stack, {"other": other.encode()})) == {"other"}
    removed = {one["store"]: one["removed"] for one in done["stores"]}
    emptied = ("keys", "drafts", "persons", "blobs", "search texts", "search vectors", "predictions")
    assert min(removed[store] for store in emptied) > 0, removed

    assert api.status(f"/v1/documents/{mine['document_id']}") == 404
    assert api.status(f"/v1/subjects/{person}/export") == 404
    shown = api.get(f"/v1/drafts/{draft}")
    assert (shown["state"], shown["brief"], shown["text"]) == ("erased", None, None)
    assert api.search(word, mode="text") == []
    assert [hit["document_id"] for hit in api.search(other, mode="text")]
    job = api.job(working["job_id"])
    assert job is not None
    assert job["state"] in {"cancelled", "failed"}
    models = ("documents", "chunks", "jobs", "scripts", "predictions")
    assert stack.run("replay", *models).stdout.count("rows equal") == len(models)
    assert api.search(word, mode="text") == []
    assert holding(stack, wanted) == {}

    receipt = api.get(f"{path}/receipt")
    assert [one["store"] for one in receipt["receipt"]["stores"]][-1] == "database files"
    assert Signer(Settings(home=stack.home).signing_keys_file).public_keys()[-1].key_id == receipt["key_id"]


def _ended(api, done) -> bool:
    found = api.job(done["job_id"])
    return bool(found and found["ended"])
