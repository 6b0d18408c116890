create table if not exists {schema}.dead_letters (
    -- What makes two records on the topic the same dead letter: a step's repeat after a crash is not a second one.
    identity text primary key, letter text not null, topic text not null, partition integer not null,
    "offset" bigint not null, tenant text not null, step text not null, branch text not null, code text not null,
    category text not null, fingerprint text not null, attempts integer not null, waits integer not null, first_failed_at timestamptz not null,
    failed_at timestamptz not null, origin_topic text not null, origin_partition integer not null,
    origin_offset bigint not null, event_type text not null, event_id uuid, document_id uuid, job_id uuid,
    trace_id text not null, error text not null, program text not null, redrive_id uuid, redrive_letter text,
    redrive_times integer not null
);
create index if not exists dead_letters_by_age on {schema}.dead_letters (tenant, failed_at desc, identity desc);
create index if not exists dead_letters_by_fingerprint on {schema}.dead_letters (tenant, fingerprint);
create index if not exists dead_letters_of_job on {schema}.dead_letters (job_id);
create index if not exists dead_letters_by_letter on {schema}.dead_letters (letter);
create index if not exists dead_letters_of_branch on {schema}.dead_letters (branch) where branch <> '';
create index if not exists dead_letters_of_redrive on {schema}.dead_letters (redrive_id) where redrive_id is not null;
-- What became of a letter; apart from it, because the operations topic may be ahead of the dead-letter topic.
create table if not exists {schema}.fates (
    letter text primary key, status text not null default 'waiting', standing text not null default 'waiting',
    redrive_id uuid, taken boolean not null default false, times integer not null default 0,
    failed_times integer not null default 0, failed_as text, discarded text, edits integer not null default 0,
    reason text, actor text, changed_at timestamptz
);
create index if not exists fates_taken on {schema}.fates (redrive_id) where taken;
-- Operations folded already: the log may hold one twice, and the second must not undo what came in between.
create table if not exists {schema}.seen (event_id uuid primary key);
