"""Who is asking, and whether they may: bearer API keys and their scopes. The tenant comes from the key, never else.

A browser that is signed in to the console may read by its session's cookie instead, for an `EventSource` can send no
header: only by methods that change nothing, so that no other site can have it change something.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from muniment.api.auditing.note import note
from muniment.api.dependencies import dependencies_of
from muniment.api.keys import ApiKey, Scope
from muniment.api.problems.problem import Problem
from muniment.api.rights import Right
from muniment.api.sessions import Session
from muniment.api.signed_in import attended, session_of, token_of

REALM = 'Bearer realm="muniment"'
SAFE = frozenset({"GET", "HEAD"})
_BEARER = HTTPBearer(auto_error=False)


@dataclass(frozen=True, slots=True)
class Principal:
    """On whose behalf a request runs.

    Attributes:
        tenant: Whose documents they see.
        key_id: Of the API key; of a person of an identity provider what stands for them.
        scopes: What they may do.
        kind: `key`, or `person`.

    """

    tenant: str
    key_id: str
    scopes: frozenset[str] = frozenset()
    kind: str = "key"

    @property
    def actor(self) -> str:
        """How the log names who asked."""
        return f"{self.kind}:{self.key_id}"

    def allows(self, scope: Scope | None) -> bool:
        """Whether they may; anybody may what wants no scope."""
        return scope is None or scope in self.scopes or Scope.ADMIN in self.scopes


def of_key(key: ApiKey) -> Principal:
    """Who holds this key."""
    return Principal(key.tenant, key.key_id, key.scopes)


def of_session(session: Session) -> Principal:
    """Who is signed in."""
    if session.key_id is not None:
        return Principal(session.tenant, session.key_id, session.scopes)
    return Principal(session.tenant, session.person or "", session.scopes, "person")


def asks(principal: Principal) -> None:
    """Say in the log and in the trail on whose behalf the request runs from here on."""
    structlog.contextvars.bind_contextvars(tenant=principal.tenant, key_id=principal.key_id)
    note().asked_by(principal.tenant, principal.actor)


class _Needs(HTTPBearer):
    """See `needs`. It reads the header itself: each dependency of a dependency costs every request that has it."""

    def __init__(self, scope: Scope | None) -> None:
        super().__init__(
            scheme_name="ApiKey",
            bearerFormat="mun_<key id>_<secret>",
            description=f"An API key, made by `muniment keys create`. Scopes: {', '.join(f'`{s}`' for s in Scope)}.",
            auto_error=False,
        )
        self._scope = scope

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]
        principal = await _asking(request, await super().__call__(request))
        asks(principal)
        if not principal.allows(self._scope):
            raise _lacks(self._scope)
        return principal


def needs(scope: Scope | None) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that lets only keys with `scope` through; any valid key, when that is `None`."""
    return _Needs(scope)


def right_to_read(request: Request, who: Principal, scope: Scope = Scope.DOCUMENTS_READ) -> Right:
    """The right by which a reader was let in, to be asked for again while the answer lasts.

    Asking prolongs no session: nobody did anything.
    """

    async def refused() -> Problem | None:
        try:
            now = await _asking(request, await _BEARER(request), used=False)
        except Problem as problem:
            return problem if problem.code != "unauthorized" else _over()
        if now.tenant != who.tenant:
            return _over()
        return None if now.allows(scope) else _lacks(scope)

    shown = f"{request.headers.get('authorization', '')}\n{token_of(request.cookies) or ''}"
    return Right(hashlib.sha256(shown.encode()).digest(), who.tenant, scope, refused)


def _over() -> Problem:
    return Problem("unauthorized", "The key was revoked or has expired, or nobody is signed in any more.")


def _lacks(scope: Scope | None) -> Problem:
    challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
    return Problem(
        "forbidden",
        f"The key lacks the scope {scope}.",
        headers={"WWW-Authenticate": challenge},
        extra={"scope": str(scope)},
    )


async def _asking(request: Request, given: HTTPAuthorizationCredentials | None, *, used: bool = True) -> Principal:
    deps = dependencies_of(request)
    if given is not None:
        key = await deps.keys.find(given.credentials)
        if key is None:
            challenge = f'{REALM}, error="invalid_token"'
            raise Problem("unauthorized", "The API key is not valid.", headers={"WWW-Authenticate": challenge})
        return of_key(key)
    session = None
    if request.method in SAFE:
        session = await session_of(deps, request.cookies, used=used and attended(request.headers))
    if session is None:
        raise Problem("unauthorized", "The request carries no API key.", headers={"WWW-Authenticate": REALM})
    return of_session(session)


may_read = needs(Scope.DOCUMENTS_READ)
may_write = needs(Scope.DOCUMENTS_WRITE)
may_search = needs(Scope.SEARCH)
may_operate = needs(Scope.OPERATE)
may_decrypt = needs(Scope.DECRYPT)
may_audit = needs(Scope.AUDIT)
may_erase = needs(Scope.ERASE)
Anyone = Annotated[Principal, Depends(needs(None))]
Reader = Annotated[Principal, Depends(may_read)]
Writer = Annotated[Principal, Depends(may_write)]
Searcher = Annotated[Principal, Depends(may_search)]
Operator = Annotated[Principal, Depends(may_operate)]
Decrypter = Annotated[Principal, Depends(may_decrypt)]
Auditor = Annotated[Principal, Depends(may_audit)]
Eraser = Annotated[Principal, Depends(may_erase)]
