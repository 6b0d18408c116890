-- How often folds have changed what readers see of a tenant: kept answers hold for one generation.
CREATE SCHEMA muniment_caching;
CREATE TABLE muniment_caching.generations (
    tenant     text PRIMARY KEY,
    generation bigint NOT NULL
) WITH (fillfactor = 50);

-- Answers that all instances share. Unlogged: after a crash of the database it is empty, which costs nobody anything.
CREATE UNLOGGED TABLE muniment_caching.answers (
    name       bytea PRIMARY KEY,
    tenant     text NOT NULL,
    kind       text NOT NULL,
    generation text NOT NULL,
    value      bytea NOT NULL,
    documents  uuid[] NOT NULL,
    kept_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX answers_by_tenant ON muniment_caching.answers (tenant, generation);
CREATE INDEX answers_by_expiry ON muniment_caching.answers (expires_at);

-- Questions that were asked before, while MUNIMENT_REMEMBER_QUESTIONS is on; `askers` are marks of the first few keys.
CREATE TABLE muniment_caching.questions (
    tenant   text NOT NULL,
    folded   text COLLATE "C" NOT NULL,
    question text NOT NULL,
    times    bigint NOT NULL,
    askers   text[] NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, folded)
);
CREATE INDEX questions_by_age ON muniment_caching.questions (asked_at);
