-- Calls of a model that are under way and cost something already: what the log will say of each, as the record that it
-- will be. Until an answer is kept that is what it cost; then it is the answer itself. Noted from the first piece on;
-- booked: it was counted against the budgets; answered: its answer is the draft; ended: no draft comes of it, and the log
-- is to be told; claimed_at: when somebody last set about telling it.
CREATE TABLE muniment_generating.charges (
    tenant      text NOT NULL,
    draft_id    uuid NOT NULL,
    attempt     integer NOT NULL,
    project_id  uuid NOT NULL,
    tokens      bigint NOT NULL,
    cost_micros bigint NOT NULL,
    booked      boolean NOT NULL,
    answered    boolean NOT NULL DEFAULT false,
    ended       boolean NOT NULL DEFAULT false,
    noted_at    timestamptz NOT NULL DEFAULT now(),
    claimed_at  timestamptz,
    topic       text NOT NULL,
    key         bytea NOT NULL,
    value       bytea NOT NULL,
    headers     jsonb NOT NULL,
    PRIMARY KEY (tenant, draft_id, attempt)
);
