create table if not exists {schema}.documents (
    tenant text not null, document_id uuid not null, status text not null, active_version bigint,
    latest_version bigint not null, deleted_up_to bigint not null, title text, file_name text, media_type text,
    size_bytes bigint, characters bigint, pages bigint, metadata jsonb not null default '{}',
    findings jsonb not null default '{}', source text, lane text, created_at timestamptz, updated_at timestamptz,
    indexed_at timestamptz, deleted_at timestamptz, from_at timestamptz, from_place text collate "C",
    ordered_at timestamptz, erased_at timestamptz, primary key (tenant, document_id)
);

create table if not exists {schema}.versions (
    tenant text not null, document_id uuid not null, version bigint not null, status text not null, job_id uuid,
    code text, reason text, title text, file_name text, media_type text, blob text, text_blob text, size_bytes bigint,
    characters bigint, pages bigint, metadata jsonb not null default '{}', findings jsonb not null default '{}',
    source text, lane text, chunks bigint, tokens bigint, cost_micros bigint, embedded bigint, reused bigint,
    model text, submitted_at timestamptz, indexed_at timestamptz, updated_at timestamptz,
    from_at timestamptz, from_place text collate "C", primary key (tenant, document_id, version)
);

-- Jobs that ended as dead letters: they lie on another topic and may be read before the version they belong to.
create table if not exists {schema}.failures (
    tenant text not null, document_id uuid not null, job_id uuid not null, code text not null, error text not null,
    failed_at timestamptz not null, place text not null, primary key (tenant, document_id, job_id)
);

-- What the rows said before, each from its moment up to the one at which that ended.
create table if not exists {schema}.past_documents (
    like {schema}.documents, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, document_id, from_at, from_place)
);
create table if not exists {schema}.past_versions (
    like {schema}.versions, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, document_id, version, from_at, from_place)
);
