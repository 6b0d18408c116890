-- Where the log says something of a document (or of a project: then `document_id` is the project's), and what its headers tell. What a record holds stays on the log. An event
-- that was written twice is there once, at its first place; a record that is buried again after a redrive is there again.
create table if not exists {schema}.events (
    topic text not null, partition integer not null, "offset" bigint not null, tenant text not null,
    document_id uuid not null, job_id uuid not null, at timestamptz not null, place text collate "C" not null,
    event text not null, event_id uuid not null, causation_id uuid not null, source text not null, actor text not null,
    lane text not null, code text, times integer not null, of_project boolean not null, episode_id uuid, draft_id uuid,
    primary key (document_id, event_id, topic, times, tenant)
);
create index if not exists events_of_document on {schema}.events (tenant, document_id, at, place);
create index if not exists events_of_job on {schema}.events (tenant, job_id, at, place);
create index if not exists events_of_episode on {schema}.events (tenant, episode_id, at, place)
    where episode_id is not null;
create index if not exists events_of_draft on {schema}.events (tenant, draft_id, at, place) where draft_id is not null;
