-- Who is signed in to the console: of a session only the hash of its token is kept. One that was begun with an API key
-- is worth what the key is worth, and ends with it; one of an identity provider carries its own tenant and scopes.
CREATE TABLE muniment_access.sessions (
    session_hash bytea PRIMARY KEY,
    tenant       text NOT NULL,
    key_id       text,
    person       text,
    name         text NOT NULL,
    scopes       text[] NOT NULL,
    began_at     timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    CHECK ((key_id IS NULL) <> (person IS NULL))
);
CREATE INDEX sessions_by_end ON muniment_access.sessions (ends_at);
