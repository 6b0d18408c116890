"""The console, and who signs in to it where."""

from pydantic import BaseModel, Field, SecretStr


class Console(BaseModel):
    """The console and signing in."""

    console_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+$",
        description="Where browsers find the console, when something stands before the API (http:// or https:// "
        "address without a path). Wherever they ask when unset.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Identity provider that people sign in to the console at (issuer address). None when unset.",
    )
    oidc_client_id: str = Field(default="muniment", description="What the console is called there (client id).")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Its secret there (text). A public client, with PKCE alone, when unset."
    )
    oidc_name: str = Field(default="single sign-on", description="What the sign-in page calls the provider (text).")
    oidc_scopes: str = Field(default="openid profile", description="What is asked of it (scopes, by blanks).")
    oidc_roles_claim: str = Field(default="groups", description="Claim that says what somebody is (name).")
    oidc_roles: str = Field(
        default="",
        description="What its values stand for (value=role or value=role+role, separated by blanks; roles are viewer, "
        "editor, operator, auditor, eraser, admin).",
    )
    oidc_tenant: str = Field(default="default", description="Tenant of everybody who signs in so (name).")
    oidc_tenant_claim: str = Field(
        default="", description="Claim that names somebody's tenant instead (name). That of the setting when empty."
    )
    session_idle_s: float = Field(
        default=1800.0, ge=1, description="Time without use after which somebody is signed out (seconds)."
    )
    session_max_s: float = Field(
        default=12 * 3600.0, ge=1, description="Longest that somebody stays signed in (seconds)."
    )
