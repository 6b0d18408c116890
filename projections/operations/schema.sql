create table if not exists {schema}.operations (
    -- The log may hold an event twice: the first place counts.
    event_id uuid primary key, partition integer not null, "offset" bigint not null, kind text not null,
    about text not null, tenant text not null, actor text not null, operation_id uuid not null,
    at timestamptz not null, reason text not null, body jsonb not null
);
create index if not exists operations_about on {schema}.operations (kind, about, partition desc, "offset" desc);
create index if not exists operations_of_command on {schema}.operations (operation_id);
create index if not exists operations_by_age on {schema}.operations (at desc, event_id desc) where kind <> 'redriven';
-- Letters that failed again after a redrive, by the letter that was redriven.
create table if not exists {schema}.failures (
    redrive_id uuid not null, letter text not null, primary key (redrive_id, letter)
);
