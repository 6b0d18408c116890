create table if not exists {schema}.jobs (
    job_id uuid primary key, tenant text not null, document_id uuid not null, kind text, version bigint,
    state text not null default 'queued', step text not null default 'deciding', done bigint, total bigint, unit text,
    attempt integer not null default 0, waits integer not null default 0, retry_due_at timestamptz, retry_code text,
    retry_error text, "end" text, error_code text, error text, tokens bigint not null default 0,
    cost_micros bigint not null default 0, chunks bigint, embedded bigint not null default 0,
    reused bigint not null default 0, batches bytea not null default '', summed boolean not null default false,
    lane text, created_at timestamptz, started_at timestamptz, active_at timestamptz, finished_at timestamptz,
    command_partition integer, command_offset bigint, from_at timestamptz, from_place text collate "C",
    ordered_at timestamptz, project_id uuid, episode_id uuid, draft_id uuid
);
create index if not exists jobs_of_document on {schema}.jobs (tenant, document_id);
create index if not exists jobs_of_draft on {schema}.jobs (tenant, draft_id) where draft_id is not null;

-- What the rows said before, each from its moment up to the one at which that ended.
create table if not exists {schema}.past_jobs (
    like {schema}.jobs, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, document_id, job_id, from_at, from_place)
);

-- What live readers are told: the places of the log at which a job changed and, where that is worth telling, how it
-- looked then. `awaits` is the version that search has to see before the end in `job` is told.
create table if not exists {schema}.feed (
    number bigint generated always as identity primary key, topic text not null, partition integer not null,
    "offset" bigint not null, tenant text not null, job_id uuid not null, document_id uuid not null, awaits bigint,
    job text, told_at timestamptz not null default now()
);
create unique index if not exists feed_by_place on {schema}.feed (topic, partition, "offset", job_id)
    include (number, tenant);
create index if not exists feed_of_job on {schema}.feed (job_id, number);
create index if not exists feed_awaiting on {schema}.feed (tenant, told_at) where awaits is not null;
