"""The middleware that lets no answer out that the trail does not know of. Pure ASGI.

It stands outside of the one for idempotency, so that a repeated answer is entered, too, and inside of the one that
compresses, so that it can see which documents an answer names. The entry is in the spool before the first byte of the
answer goes out; the log gets it behind the answer's back.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import orjson
import structlog
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from muniment.api.auditing import marks
from muniment.api.auditing.denials import Denials
from muniment.api.auditing.entry import Asked, entry, outcome_of
from muniment.api.auditing.note import Note, noted, noting
from muniment.api.auditing.routes import every_route
from muniment.api.auditing.rules import Audited, Rule
from muniment.api.auditing.table import rule_of
from muniment.api.auditing.touched import portions, touched
from muniment.api.dependencies import Dependencies
from muniment.api.problems.problem import from_muniment, problem_response
from muniment.schemas.audit import HOUSE, DocumentTouched, Outcome
from muniment.schemas.errors import StepFailure
from muniment.schemas.metrics import AUDIT_ENTRIES, AUDIT_LEFT_OUT

LOG = structlog.get_logger(__name__)
SOURCE = "muniment.api"
CLIENT_LEFT = 499
"""The status of a request whose caller did not wait for the answer; nobody is sent it."""
_VERSION = b"muniment-version"
_QUERY_MAX = 2000


class Auditing:
    """See the module; without a trail it lets everything through."""

    def __init__(self, app: ASGIApp, deps: Dependencies) -> None:
        self._app = app
        self._deps = deps
        self._denials = Denials()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._deps.trail is None or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        note, token = noting()
        answer = _Answer(self, scope, (receive, send), note)
        try:
            await self._app(scope, receive, answer)
        except BaseException as error:
            await answer.broken(CLIENT_LEFT if isinstance(error, ClientDisconnect) else 500)
            raise
        finally:
            noted(token)

    async def enter(
        self, rule: Audited, scope: Scope, note: Note, status: int, documents: list[DocumentTouched]
    ) -> None:
        """Take the entry of a request in: several that are alike where it is about more documents than one names.

        Raises:
            StepFailure: `disk_full`, `database_unavailable`.

        """
        outcome = outcome_of(status)
        client = scope.get("client")
        address = client[0] if client else ""
        admitted = (
            self._denials.admit((marks.network(address), note.actor, rule.action), monotonic())
            if (outcome is Outcome.DENIED)
            else 0
        )
        if admitted is None:
            AUDIT_LEFT_OUT.inc()
            return
        secret = await self._secret(note.tenant, status)
        asked = _asked(rule, scope, note, address, secret)
        assert self._deps.trail is not None, "asked for at the door"
        for number, some in enumerate(portions([*note.documents, *documents])):
            record = entry(
                asked,
                outcome,
                event_id=uuid7(),
                now=datetime.now(UTC),
                secret=secret,
                status=status,
                documents=some,
                left_out=0 if number else admitted,
                caused_by=note.command_id,
            )
            self._deps.trail.add(record)
            _entries(rule.action, str(outcome)).inc()

    async def _secret(self, tenant: str, status: int) -> bytes | None:
        if tenant == HOUSE:
            return None
        try:
            return await self._deps.key_ring.tenant_key(tenant)
        except StepFailure:
            if status >= 500:  # noqa: PLR2004 - the same failure is being told already
                return None
            raise


class _Answer:
    """Holds an answer back until its entry is taken in: the start of it, or all where it names documents."""

    def __init__(self, auditing: Auditing, scope: Scope, caller: tuple[Receive, Send], note: Note) -> None:
        self._auditing = auditing
        self._scope = scope
        self._receive, self._send = caller
        self._note = note
        self._held: list[Message] = []
        self._let_out: bool | None = None
        self._names = False

    async def __call__(self, message: Message) -> None:
        if self._let_out is not None:
            # Of an answer that was kept back, nothing goes out, however long it is.
            await (self._send(message) if self._let_out else _nowhere())
            return
        self._held.append(message)
        if not self._complete():
            return
        held, self._held = self._held, []
        try:
            await self._enter(held[0], held[1:])
        except StepFailure as failure:
            # The trail cannot be written, or the tenant's secret not be read: then nobody is told anything.
            LOG.warning("audit.kept_back", status=held[0]["status"], code=str(failure.code))
            self._let_out = False
            await problem_response(from_muniment(failure))(self._scope, self._receive, self._send)
            return
        self._let_out = True
        for one in held:
            await self._send(one)

    async def broken(self, status: int) -> None:
        """There will be no answer; that there was a request is entered all the same."""
        if self._let_out is not None:
            return
        try:
            await self._entered(status, [])
        except StepFailure as failure:
            LOG.warning("audit.not_entered", status=status, code=str(failure.code))

    def _complete(self) -> bool:
        if len(self._held) == 1:
            # The answer begins: by now it is known which route it is of.
            self._names = _names_documents(_rule(self._scope), self._held[0])
        if not self._names:
            return True
        last = self._held[-1]
        return last["type"] == "http.response.body" and not last.get("more_body", False)

    async def _enter(self, start: Message, body: list[Message]) -> None:
        documents: list[DocumentTouched] = []
        if self._names:
            of = _uuid(self._scope.get("path_params", {}).get("document_id"))
            documents = touched(orjson.loads(b"".join(part.get("body", b"") for part in body)), of)
        elif start["status"] < 300:  # noqa: PLR2004
            documents = self._downloaded(_header(start["headers"], _VERSION))
        await self._entered(start["status"], documents)

    async def _entered(self, status: int, documents: list[DocumentTouched]) -> None:
        rule = _rule(self._scope)
        if isinstance(rule, Audited):
            await self._auditing.enter(rule, self._scope, self._note, status, documents)

    def _downloaded(self, version: str) -> list[DocumentTouched]:
        of = _uuid(self._scope.get("path_params", {}).get("document_id"))
        return [DocumentTouched(of, int(version), ())] if of and version.isdecimal() else []


def _names_documents(rule: Rule | None, start: Message) -> bool:
    shows = isinstance(rule, Audited) and rule.shows and start["status"] < 300  # noqa: PLR2004
    return shows and _header(start["headers"], b"content-type") == "application/json"


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The first header of that name, which is in lower case; empty when there is none."""
    return next((value.decode("latin-1") for found, value in headers if found == name), "")


@lru_cache(maxsize=1024)
def _entries(action: str, outcome: str) -> Any:
    """What counts entries: finding a series by its labels costs as much as counting."""
    return AUDIT_ENTRIES.labels(action, outcome)


async def _nowhere() -> None:
    pass


def _rule(scope: Scope) -> Rule | None:
    """What is done with the request; nothing is, when there is no such route."""
    if "route" not in scope:
        # Answered before it was routed, as a repeat is.
        for route in every_route(getattr(scope.get("app"), "routes", ())):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope["path_params"], scope["route"] = found.get("path_params", {}), route
                break
    operation_id = getattr(scope.get("route"), "operation_id", None)
    return rule_of(operation_id) if operation_id else None


def _asked(rule: Audited, scope: Scope, note: Note, address: str, secret: bytes | None) -> Asked:
    entity = str(scope.get("path_params", {}).get(rule.param, "")) or note.entity
    if rule.personal and entity:
        entity = marks.mark(secret, marks.SUBJECT, entity) if secret else ""
    return Asked(
        tenant=note.tenant,
        actor=note.actor,
        source=SOURCE,
        action=rule.action,
        kind=rule.kind,
        entity=entity,
        reason=note.reason,
        address=address,
        user_agent=_header(scope["headers"], b"user-agent"),
        query=note.query or _words(scope),
        traceparent=scope.get("state", {}).get("traceparent", ""),
    )


def _words(scope: Scope) -> str:
    """What is looked for, where the address says so."""
    if not scope.get("query_string"):
        return ""
    found: list[str] = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("q", [""])
    return found[0][:_QUERY_MAX]


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
