-- Destroyed keys by age: every process looks here about once a second and lets go of what it holds in memory.
CREATE INDEX data_keys_destroyed ON muniment_keys.data_keys (destroyed_at) WHERE destroyed_at IS NOT NULL;
-- What is still wrapped by which key-encryption key.
CREATE INDEX data_keys_by_kek ON muniment_keys.data_keys (kek_id) WHERE destroyed_at IS NULL;
-- Nothing in a planner's statistics may repeat a wrapped key.
ALTER TABLE muniment_keys.data_keys ALTER COLUMN wrapped SET STATISTICS 0;

-- Which documents belong to which person: the person by an HMAC under the tenant's secret. Not on the log, so that it
-- can be forgotten.
CREATE TABLE muniment_keys.subjects (
    tenant      text NOT NULL,
    subject     text NOT NULL,
    document_id uuid NOT NULL,
    named_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, subject, document_id)
);
CREATE INDEX subjects_of_document ON muniment_keys.subjects (tenant, document_id);

-- Erasures: decided like every command, then carried out stage by stage by one of all processes.
CREATE SCHEMA muniment_erasing;

CREATE TABLE muniment_erasing.inbox (
    command_id uuid PRIMARY KEY,
    decided_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE muniment_erasing.outbox (
    command_id uuid NOT NULL,
    position   integer NOT NULL,
    topic      text NOT NULL,
    key        bytea,
    value      bytea,
    headers    jsonb NOT NULL,
    PRIMARY KEY (command_id, position)
);

-- `state`: requested, rejected, confirmed (then `stage` says how far it is), completed.
CREATE TABLE muniment_erasing.erasures (
    erasure_id    uuid PRIMARY KEY,
    tenant        text NOT NULL,
    state         text NOT NULL,
    stage         text,
    subject       text,
    document_ids  uuid[] NOT NULL,
    reason        text NOT NULL,
    origin        text NOT NULL,
    confirmations integer NOT NULL,
    requested_by  text NOT NULL,
    requested_at  timestamptz NOT NULL,
    decided_by    text,
    decided_at    timestamptz,
    traceparent   text NOT NULL DEFAULT '',
    -- What it comes to: the documents, where their commands lie, what each store held before.
    documents     uuid[] NOT NULL DEFAULT '{}',
    positions     jsonb NOT NULL DEFAULT '{}',
    held          jsonb NOT NULL DEFAULT '{}',
    moved_at      timestamptz,
    told_at       timestamptz,
    keys          integer NOT NULL DEFAULT 0,
    completed_at  timestamptz
);
CREATE INDEX erasures_under_way ON muniment_erasing.erasures (decided_at) WHERE state = 'confirmed';

CREATE TABLE muniment_erasing.reports (
    number      bigint GENERATED ALWAYS AS IDENTITY,
    erasure_id  uuid NOT NULL REFERENCES muniment_erasing.erasures,
    store       text NOT NULL,
    removed     bigint NOT NULL,
    kept        bigint NOT NULL,
    note        text NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (erasure_id, store)
);
