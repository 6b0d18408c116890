-- What was spent is counted apart by what it was for: 'embeddings', 'texts', 'texts/<project>'.
ALTER TABLE muniment_limits.spending ADD COLUMN spent_on text NOT NULL DEFAULT 'embeddings';
ALTER TABLE muniment_limits.spending DROP CONSTRAINT spending_pkey;
ALTER TABLE muniment_limits.spending ADD PRIMARY KEY (tenant, day, spent_on);

-- Drafts that are written: how often a model was asked, where on the log the last prompt lies, and an answer until it
-- is there, as the record that it will be: sealed under the draft's own key.
CREATE SCHEMA muniment_generating;
CREATE TABLE muniment_generating.drafts (
    tenant   text NOT NULL,
    draft_id uuid NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    prompted text,
    settled  boolean NOT NULL DEFAULT false,
    topic    text,
    key      bytea,
    value    bytea,
    headers  jsonb,
    PRIMARY KEY (tenant, draft_id)
);
