create table if not exists {schema}.entries (
    -- The log may hold an event twice: the first place counts.
    event_id uuid primary key, partition integer not null, "offset" bigint not null,
    at timestamptz not null, tenant text not null, actor text not null, action text not null, kind text not null,
    entity text not null, outcome text not null, status integer, reason text not null, source text not null,
    network text not null, address_mark text not null, agent text not null, query_mark text not null,
    trace_id text not null, correlation_id uuid not null,
    -- Documents with versions and chunks as they were named, and their ids once more for looking them up.
    documents jsonb not null, document_ids uuid[] not null, document_count bigint not null, left_out bigint not null
);
create index if not exists entries_by_age on {schema}.entries (tenant, at desc, event_id desc);
create index if not exists entries_of_actor on {schema}.entries (actor, at desc);
create index if not exists entries_of_thing on {schema}.entries (entity, at desc);
create index if not exists entries_of_document on {schema}.entries using gin (document_ids);
create index if not exists entries_of_command on {schema}.entries (correlation_id);
