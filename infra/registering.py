"""Brings every schema, with the id that records carry, into a Schema Registry outside (Confluent's API).

An id on the log means one schema for ever, so the outside registry has to hold that schema under that id, or consumers
that ask it decode nonsense. Confluent's takes explicit ids in mode `IMPORT` ("Schema Registry API Reference", Mode);
Apicurio's compatible API counts ids up by itself, so that a registry of Muniment's own gets the same ones, because the
schemas come in the order of their ids, and a filler takes each id that no schema has. Either way each answer is
compared, and the first that differs ends the work.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import httpx2

from muniment.schemas.catalogue import declarations
from muniment.schemas.compatibility import Level
from muniment.schemas.event import Declaration
from muniment.schemas.subjects import Registered, Subject, registered, subjects

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_S = 30.0
UNUSED = "muniment.unused"
"""The subject of the fillers."""


class NotRegistered(Exception):
    """The registry does not hold what the log needs; each sentence says what and what to do."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class Place:
    """A schema under a subject."""

    subject: Subject
    schema: Registered

    @property
    def version(self) -> int:
        """Its version there."""
        return self.subject.version_of(self.schema.schema_id) or 0

    def __str__(self) -> str:
        return f"{self.schema.key} under {self.subject.name}"


@dataclass
class Findings:
    """What was there already, what is missing, and what is wrong for good."""

    equal: list[Place] = field(default_factory=list)
    missing: list[Place] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def places(declared: Iterable[Declaration]) -> list[Place]:
    """Every schema under every subject: first each once, in the order of the ids, then under its other names.

    Registries that count may count a schema again that they know already under another name.
    """
    declared = tuple(declared)
    every = subjects(declared).values()
    rows = [[Place(s, one) for s in every if s.version_of(one.schema_id) is not None] for one in registered(declared)]
    once = [row[0] for row in rows] + fillers({row[0].schema.schema_id for row in rows})
    return sorted(once, key=lambda place: place.schema.schema_id) + [place for row in rows for place in row[1:]]


def fillers(taken: set[int]) -> list[Place]:
    """A schema without fields for each id that was passed over: an event that never left its author's machine."""
    gaps = [number for number in range(1, max(taken, default=0)) if number not in taken]
    schemas = tuple(Registered(number, f"Unused{number}", _filler(number)) for number in gaps)
    subject = Subject(UNUSED, Level.NONE, schemas)
    return [Place(subject, one) for one in schemas]


def _filler(number: int) -> dict[str, Any]:
    doc = "No record carries this id."
    return {"type": "record", "name": f"Unused{number}", "namespace": "muniment", "doc": doc, "fields": []}


def fill(address: str, changing: Callable[[str], AbstractContextManager[object]] = nullcontext) -> str:
    """Register what is missing there; one sentence on what became of it, which may be that nothing could.

    `changing`, given the name of the registry, is entered where there is something to change in it.
    """
    try:
        with OutsideRegistry(address) as outside:
            found = outside.look(places(declarations()))
            if found.wrong:
                return found.wrong[0]
            if found.missing:
                with changing(outside.name):
                    outside.register(found.missing)
            return f"{len(found.missing)} registered in {outside.name}, {len(found.equal)} there already"
    except NotRegistered as error:
        return str(error)


class OutsideRegistry:
    """A registry at an address, which may hold user and password. Use as a context manager.

    Every method raises `NotRegistered` when nobody answers there, or not as a registry does.
    """

    def __init__(self, address: str) -> None:
        try:
            url = httpx2.URL(address)
        except httpx2.InvalidURL as error:
            raise NotRegistered(f"the address of the registry is none: {error}") from None
        self.name = str(url.copy_with(userinfo=b""))
        """The address without what is secret in it."""
        # Read by httpx2 itself: user and password of an address become basic authentication.
        self._http = httpx2.Client(
            base_url=url, timeout=TIMEOUT_S, headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def _no_registry(self) -> str:
        return f"what answers at {self.name} is no schema registry: its address may need a path"

    def look(self, wanted: Iterable[Place]) -> Findings:
        """Compare what is there with what has to be; changes nothing."""
        found = Findings()
        for place in wanted:
            answer = self._ask("POST", _subject(place), place, allow=(HTTPStatus.NOT_FOUND,))
            if answer is None:
                found.missing.append(place)
            elif answer["id"] == place.schema.schema_id:
                found.equal.append(place)
            else:
                found.wrong.append(_other_id(place, answer["id"], self.name))
        known = {place.schema.schema_id for place in found.equal}
        taken = {n for n in {p.schema.schema_id for p in found.missing} - known if self._is_taken(n)}
        # Whoever has an id that no record carries may keep it.
        found.missing = [p for p in found.missing if p.subject.name != UNUSED or p.schema.schema_id not in taken]
        wrong = sorted(taken & {place.schema.schema_id for place in found.missing})
        found.wrong += [f"the id {number} is taken in {self.name} by another schema: {_OWN}" for number in wrong]
        return found

    def _is_taken(self, number: int) -> bool:
        return self._ask("GET", f"schemas/ids/{number}", allow=(HTTPStatus.NOT_FOUND,)) is not None

    def register(self, wanted: Iterable[Place], told: Callable[[Place], None] = lambda _: None) -> None:
        """Register these, in this order; `NotRegistered` at the first that gets another id."""
        wanted = list(wanted)
        with self._importing({place.subject.name for place in wanted}):
            for place in wanted:
                versions = f"{_subject(place)}/versions"
                answer = self._ask("POST", versions, place, id=place.schema.schema_id, version=place.version)
                if answer is None or answer["id"] != place.schema.schema_id:
                    raise NotRegistered(_other_id(place, (answer or {}).get("id"), self.name))
                told(place)
        for subject in {place.subject.name: place.subject for place in wanted}.values():
            self._put(f"config/{quote(subject.name, safe='')}", {"compatibility": str(subject.level)})

    @contextmanager
    def _importing(self, names: set[str]) -> Iterator[None]:
        """Confluent's takes ids in this mode only; where modes cannot be set, the comparison of ids decides."""
        modes = [f"mode/{quote(name, safe='')}" for name in sorted(names)]
        try:
            for mode in modes:
                self._put(f"{mode}?force=true", {"mode": "IMPORT"})
            yield
        finally:
            for mode in modes:
                self._put(f"{mode}?force=true", {"mode": "READWRITE"})

    def _put(self, path: str, body: dict[str, str]) -> None:
        try:
            self._http.put(path, json=body)
        except httpx2.TransportError as error:
            raise NotRegistered(f"{self.name} does not answer ({type(error).__name__})") from None

    def _ask(
        self, method: str, path: str, place: Place | None = None, *, allow: tuple[int, ...] = (), **more: int
    ) -> dict[str, Any] | None:
        """The JSON of the answer; None for a status that is allowed besides 200."""
        body = {"schema": place.schema.text, "schemaType": "AVRO"} | more if place else None
        try:
            answer = self._http.request(method, path, json=body)
        except httpx2.TransportError as error:
            raise NotRegistered(f"{self.name} does not answer ({type(error).__name__})") from None
        if answer.status_code in allow and _has_a_code(answer):
            return None
        if answer.status_code in allow:
            raise NotRegistered(self._no_registry)
        if not answer.is_success:
            about = f" for {place}" if place else ""
            raise NotRegistered(f"{self.name} answered {answer.status_code}{about}: {_message(answer)}")
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NotRegistered(self._no_registry)
        return found


_OWN = "use a registry (or, with Confluent's, a context: an address that ends in /contexts/.NAME) of Muniment's own"


def _other_id(place: Place, number: object, name: str) -> str:
    return f"{place} has the id {number} in {name}, and records carry {place.schema.schema_id}: {_OWN}"


def _has_a_code(answer: httpx2.Response) -> bool:
    """A registry says in a code what is not there; whatever else answers 404 has never heard of schemas."""
    try:
        return "error_code" in answer.json()
    except (ValueError, TypeError):
        return False


def _message(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]


def _subject(place: Place) -> str:
    return f"subjects/{quote(place.subject.name, safe='')}"
