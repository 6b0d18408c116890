-- Which documents the text of a draft goes back to, written before a model sees any of it: an erasure finds them here.
-- `taken_at` is when the document's text was taken, by the clock of this database. Nothing here is personal.
CREATE SCHEMA muniment_scripts;
CREATE TABLE muniment_scripts.sources (
    tenant      text NOT NULL,
    draft_id    uuid NOT NULL,
    document_id uuid NOT NULL,
    project_id  uuid NOT NULL,
    episode_id  uuid NOT NULL,
    taken_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant, draft_id, document_id)
);
CREATE INDEX sources_by_document ON muniment_scripts.sources (tenant, document_id);
