create table if not exists {schema}.erasures (
    erasure_id uuid primary key, tenant text not null, status text not null, subject text, document_ids uuid[] not null,
    reason text not null, origin text not null, confirmations integer not null, requested_by text not null,
    requested_at timestamptz not null, decided_by text, decided_at timestamptz, decided_reason text, documents uuid[],
    keys integer, keys_destroyed_at timestamptz, completed_at timestamptz, receipt text, receipt_hash text, key_id text,
    signature bytea
);
create index if not exists erasures_by_age on {schema}.erasures (tenant, requested_at desc, erasure_id desc);
create table if not exists {schema}.stores (
    erasure_id uuid not null, store text not null, removed bigint not null, kept bigint not null, note text not null,
    at timestamptz not null, number bigint not null, primary key (erasure_id, store)
);
-- Commands about erasures that were decided against.
create table if not exists {schema}.refusals (
    event_id uuid primary key, erasure_id uuid not null, tenant text not null, command text not null, code text not null,
    reason text not null, actor text not null, at timestamptz not null
);
create index if not exists refusals_of_erasure on {schema}.refusals (erasure_id, at);
