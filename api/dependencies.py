"""What the API stands on: ports only, wired in `infra`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.requests import HTTPConnection

from muniment.api.attempts import Attempts
from muniment.api.audit_reads.port import AuditReads
from muniment.api.caching.cache import Cache, NoCache, OnlyLasting
from muniment.api.erasure_reads.port import Erasures
from muniment.api.evidence import Evidence
from muniment.api.idempotency.port import IdempotencyStore
from muniment.api.key_store import KeyStore
from muniment.api.live.hub import Hub
from muniment.api.live_channel.answering import Answerer
from muniment.api.live_channel.predicted import Predicting, Questions
from muniment.api.live_channel.sessions import Sessions as LiveSessions
from muniment.api.models.port import QuestionModels
from muniment.api.oidc.provider import Provider
from muniment.api.overview.port import Overview
from muniment.api.project_reads.news import ProjectNews
from muniment.api.project_reads.port import ProjectReads
from muniment.api.reads import Reads
from muniment.api.rights import Rights
from muniment.api.script_reads.port import ScriptReads
from muniment.api.script_reads.streams import DraftStreams
from muniment.api.sessions import Sessions
from muniment.api.settings import ApiSettings
from muniment.api.workers import Workers
from muniment.producers.claims import Claims
from muniment.producers.document_records import DocumentRecords
from muniment.producers.draft_sources import DraftSources
from muniment.producers.embedding.embedder import Embedder
from muniment.producers.key_ring import KeyRing
from muniment.producers.log_codec import LogCodec
from muniment.producers.publisher import Publisher
from muniment.producers.record_at import Records
from muniment.producers.right_of_way import RightOfWay
from muniment.producers.trail.trail import Trail
from muniment.projections.validity import Moment
from muniment.schemas.record import Position

Probe = Callable[[], Awaitable[Mapping[str, Any]]]
"""Looks at a part: facts about it for `/health/detailed`, or an exception when it is away."""

Published = Callable[[str, UUID], Awaitable[Position | None]]
"""Looks for a command on a topic; raises `StepFailure(log_unavailable)` where nothing can be said."""

SEARCHABLE_S = 0.25
"""So long after it was taken in a small document that somebody waits for is on its way to search, roughly."""


def _right_of_way() -> RightOfWay:
    return RightOfWay(moment_s=SEARCHABLE_S)


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything that `create_app` needs.

    Attributes:
        publisher: The way onto the log.
        published: Where a command lies that the first try of a repeated request published; without it, nobody knows.
        codec: Seals and encodes commands.
        key_ring: Makes the data key of a new document.
        claims: The claim-check store with its claims.
        keys: The API keys.
        reads: The read models.
        embedder: Turns a question into a vector.
        settings: Limits and waits.
        streams: What tells open streams; without it none are served.
        required: Parts without which no request can be served (`database`, `log`): readiness depends on them.
        optional: Parts that are only shown (`embeddings`): without them answers are degraded, not wrong.
        records: Single records of the log, for operators who look at one.
        idempotency: Keeps the first answers to requests with a key; without it, keys are ignored.
        evidence: Makes proofs of what is on the log.
        models: The embedding models, when there can be others than that of `embedder`.
        trail: Takes in who did what; without it nothing is entered.
        audit: The trail as it is read.
        document_records: Every record about a document, for who asks what is held about a person.
        erasures: Erasures as they are read, and who documents are about; without it no persons are named.
        overview: What operators and auditors look at in the console; without it those pages say that they know less.
        cache: Keeps answers that were given before, for whoever asks the same.
        live: The live channels that are open; without it none are served.
        predicting: What somebody who types may mean.
        questions: Questions that were asked before; without it none are remembered.
        answerer: Answers questions from what search has found.
        sessions: Who is signed in to the console; without it nobody can sign in.
        attempts: How often signing in is tried; there wherever `sessions` is.
        oidc: The identity provider that people sign in at; without it they need a key.
        projects: Projects and episodes as they are read; without it there are none.
        project_news: Wakes those who look on at a project; without it nobody can.
        scripts: Drafts and scripts as they are read; without it there are none.
        draft_sources: Which documents drafts go back to, noted before they are written.
        draft_streams: Who looks on while drafts are written; without it no such streams are served.
        workers: Who works through the steps; without it nothing is said of them.
        right_of_way: What is taken in for an import gives way to what somebody waits for.
        rights: What those who listen to open streams still may.

    """

    publisher: Publisher
    codec: LogCodec
    key_ring: KeyRing
    claims: Claims
    keys: KeyStore
    reads: Reads
    embedder: Embedder
    settings: ApiSettings = field(default_factory=ApiSettings)
    streams: Hub | None = None
    required: Mapping[str, Probe] = field(default_factory=dict)
    optional: Mapping[str, Probe] = field(default_factory=dict)
    published: Published | None = None
    records: Records | None = None
    idempotency: IdempotencyStore | None = None
    evidence: Evidence | None = None
    models: QuestionModels | None = None
    trail: Trail | None = None
    audit: AuditReads | None = None
    document_records: DocumentRecords | None = None
    erasures: Erasures | None = None
    overview: Overview | None = None
    sessions: Sessions | None = None
    attempts: Attempts | None = None
    oidc: Provider | None = None
    projects: ProjectReads | None = None
    project_news: ProjectNews | None = None
    scripts: ScriptReads | None = None
    draft_sources: DraftSources | None = None
    draft_streams: DraftStreams | None = None
    workers: Workers | None = None
    cache: Cache = field(default_factory=NoCache)
    live: LiveSessions | None = None
    predicting: Predicting | None = None
    questions: Questions | None = None
    answerer: Answerer | None = None
    right_of_way: RightOfWay = field(default_factory=_right_of_way)
    rights: Rights = field(default_factory=Rights)

    def as_of(self, moment: Moment) -> "Dependencies":
        """The same, with all that is read of documents, jobs, projects and scripts as it was at a moment.

        Answers are kept of now only; the vector of a question is the same at every moment.
        """
        return replace(
            self,
            reads=self.reads.as_of(moment),
            projects=self.projects.as_of(moment) if self.projects else None,
            scripts=self.scripts.as_of(moment) if self.scripts else None,
            cache=OnlyLasting(self.cache),
        )


def dependencies_of(connection: HTTPConnection) -> Dependencies:
    """What the application behind a request stands on; what every request asks for has it from here.

    A parameter that `Depends` on something is solved anew, with all below it, wherever it is named: some
    25 microseconds each, ten times in one read.
    """
    found = connection.app.state.dependencies
    assert isinstance(found, Dependencies)
    return found


async def _dependencies(request: Request) -> Dependencies:
    # A coroutine, though it waits for nothing: FastAPI hands each call of a plain function to a thread.
    return dependencies_of(request)


Deps = Annotated[Dependencies, Depends(_dependencies)]
