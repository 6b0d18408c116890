-- What cannot be rebuilt from the log, or must not wait for a projection: keys, claims, the deciders' inbox, state and
-- outbox, the indexing counts, shared rate limits, API keys. Read models make their own schemas (see projections/).

CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- Data keys: one a document, wrapped by a key-encryption key that is never in the database.
CREATE SCHEMA muniment_keys;

CREATE TABLE muniment_keys.data_keys (
    key_id       uuid PRIMARY KEY,
    tenant       text NOT NULL,
    document_id  uuid NOT NULL,
    wrapped      bytea,
    kek_id       text NOT NULL,
    created_at   timestamptz NOT NULL,
    destroyed_at timestamptz,
    -- A destroyed key is gone, not merely marked so.
    CHECK ((destroyed_at IS NULL) = (wrapped IS NOT NULL))
);
CREATE UNIQUE INDEX data_keys_live ON muniment_keys.data_keys (tenant, document_id) WHERE destroyed_at IS NULL;

CREATE TABLE muniment_keys.tenant_keys (
    tenant     text PRIMARY KEY,
    wrapped    bytea NOT NULL,
    kek_id     text NOT NULL,
    created_at timestamptz NOT NULL
);

-- Who still needs a stored blob: it may be removed when its last claim is.
CREATE SCHEMA muniment_claims;

CREATE TABLE muniment_claims.claims (
    tenant      text NOT NULL,
    sha256      text NOT NULL,
    document_id uuid NOT NULL,
    kind        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, sha256, document_id, kind)
);
CREATE INDEX claims_of_document ON muniment_claims.claims (tenant, document_id);

-- Deciders: a command's id, the state it led to and the events it caused are written in one transaction.
CREATE SCHEMA muniment_deciding;

CREATE TABLE muniment_deciding.inbox (
    command_id  uuid PRIMARY KEY,
    document_id uuid NOT NULL,
    decided_at  timestamptz NOT NULL
);

CREATE TABLE muniment_deciding.state (
    tenant      text NOT NULL,
    document_id uuid NOT NULL,
    state       jsonb NOT NULL,
    version     bigint NOT NULL,
    PRIMARY KEY (tenant, document_id)
);

CREATE TABLE muniment_deciding.outbox (
    command_id uuid NOT NULL,
    position   integer NOT NULL,
    topic      text NOT NULL,
    key        bytea,
    value      bytea,
    headers    jsonb NOT NULL,
    PRIMARY KEY (command_id, position)
);

-- How much of a document version is there: it is shown when all its batches are.
CREATE SCHEMA muniment_indexing;

CREATE TABLE muniment_indexing.batches (
    tenant      text NOT NULL,
    document_id uuid NOT NULL,
    version     bigint NOT NULL,
    batch       integer NOT NULL,
    chunks      integer NOT NULL,
    tokens      bigint NOT NULL,
    cost_micros bigint NOT NULL,
    embedded    integer NOT NULL,
    reused      integer NOT NULL,
    PRIMARY KEY (tenant, document_id, version, batch)
);

CREATE TABLE muniment_indexing.totals (
    tenant      text NOT NULL,
    document_id uuid NOT NULL,
    version     bigint NOT NULL,
    chunks      integer NOT NULL,
    batches     integer NOT NULL,
    PRIMARY KEY (tenant, document_id, version)
);

-- Token buckets shared by all workers. Losing them costs one burst, so they are spared the WAL.
CREATE SCHEMA muniment_limits;

CREATE UNLOGGED TABLE muniment_limits.buckets (
    name         text PRIMARY KEY,
    tokens       double precision NOT NULL,
    refreshed_at timestamptz NOT NULL
);

-- API keys: only a hash of the secret is kept.
CREATE SCHEMA muniment_access;

CREATE TABLE muniment_access.api_keys (
    key_id       text PRIMARY KEY,
    secret_hash  bytea NOT NULL,
    tenant       text NOT NULL,
    scopes       text[] NOT NULL,
    name         text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_keys_of_tenant ON muniment_access.api_keys (tenant);
