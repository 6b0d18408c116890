-- The first answer to a request with an Idempotency-Key; ids are fixed here before anything is published.
CREATE TABLE muniment_access.idempotency (
    tenant       text NOT NULL,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,
    job_id       uuid NOT NULL,
    document_id  uuid NOT NULL,
    holder       uuid NOT NULL,
    status       integer,
    headers      jsonb,
    body         bytea,
    locked_until timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant, key),
    CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX idempotency_expiry ON muniment_access.idempotency (expires_at);

-- Commands accepted while the log was away, in the order in which they were accepted. `position` is where a command
-- lies on the log once it does; the row stays a while after that, for readers who hold its number.
CREATE TABLE muniment_access.outbox (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command_id  uuid NOT NULL UNIQUE,
    topic       text NOT NULL,
    key         bytea NOT NULL,
    value       bytea NOT NULL,
    headers     jsonb NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    position    text,
    drained_at  timestamptz,
    CHECK ((position IS NULL) = (drained_at IS NULL))
);
CREATE INDEX outbox_waiting ON muniment_access.outbox (number) WHERE position IS NULL;
CREATE INDEX outbox_drained ON muniment_access.outbox (drained_at) WHERE position IS NOT NULL;

-- What may be orphaned is looked for by age.
CREATE INDEX claims_by_age ON muniment_claims.claims (created_at);

-- Whether the outbox was on when it was last heard of: who starts while the log is away cannot read that there.
CREATE TABLE muniment_access.remembered_flags (
    flag     text PRIMARY KEY,
    value    boolean NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT now()
);
