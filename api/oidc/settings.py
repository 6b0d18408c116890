"""How the identity provider is set up, and who of its people may do what. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from muniment.api.keys import Scope, valid_tenant

_READER = frozenset({Scope.DOCUMENTS_READ, Scope.SEARCH})
ROLES: Mapping[str, frozenset[Scope]] = {
    "viewer": _READER,
    "editor": _READER | {Scope.DOCUMENTS_WRITE},
    "operator": _READER | {Scope.OPERATE},
    "auditor": _READER | {Scope.AUDIT},
    "eraser": _READER | {Scope.ERASE},
    "admin": frozenset({Scope.ADMIN}),
}
"""What people may do, in the names of their work."""
_PAIR = re.compile(r"([^=\s]+)=([a-z]+(?:\+[a-z]+)*)")


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """A client of a provider.

    Attributes:
        issuer: The provider, as its tokens name it.
        client_id: What this client is called there.
        client_secret: Its secret; empty for a public client, which PKCE alone protects.
        name: What the button is called.
        scopes: What is asked for, `openid` among it.
        roles_claim: The claim that says what somebody is: one value, or a list.
        roles: Values of that claim, with the roles they stand for.
        tenant: The tenant of everybody who signs in so, unless `tenant_claim` says.
        tenant_claim: The claim that names somebody's tenant; empty: `tenant` is everybody's.

    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    name: str = "Single sign-on"
    scopes: str = "openid profile"
    roles_claim: str = "groups"
    roles: Mapping[str, frozenset[Scope]] = field(default_factory=dict)
    tenant: str = "default"
    tenant_claim: str = ""

    def __post_init__(self) -> None:
        if "openid" not in self.scopes.split():
            raise ValueError("the scopes asked of the provider have to name openid")
        if not self.roles:
            raise ValueError("say who may do what: value=role, separated by blanks")
        if not self.tenant_claim and not valid_tenant(self.tenant):
            raise ValueError("not the name of a tenant")


def parse_roles(text: str) -> dict[str, frozenset[Scope]]:
    """What values of a claim stand for, from `value=role+role value=role`.

    Raises:
        ValueError: for a text of another form, or a role that there is not.

    """
    found: dict[str, frozenset[Scope]] = {}
    for pair in text.split():
        match = _PAIR.fullmatch(pair)
        if match is None:
            raise ValueError(f"{pair!r} is not value=role")
        unknown = set(match[2].split("+")) - ROLES.keys()
        if unknown:
            raise ValueError(f"no such role: {', '.join(sorted(unknown))}; there are {', '.join(ROLES)}")
        found[match[1]] = frozenset().union(*(ROLES[role] for role in match[2].split("+")))
    return found
