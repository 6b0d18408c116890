-- Models that migrations brought in, and whatever was dropped (then `served_as` may be empty: the settings' model).
create table if not exists {schema}.embedding_models (
    model text primary key, served_as text not null default '', dimensions integer not null default 0,
    base_url text not null default '', query_prefix text not null default '', passage_prefix text not null default '',
    ask_dimensions boolean not null default false, price_per_million_tokens double precision not null default 0,
    state text not null, reason text not null, actor text not null, started_at timestamptz not null,
    changed_at timestamptz not null
);

-- Which model search reads; no row: that of the settings.
create table if not exists {schema}.embedding_live (
    one boolean primary key default true check (one), model text not null, previous text not null, reason text not null,
    actor text not null, switched_at timestamptz not null, "offset" bigint not null
);

-- Which batch has vectors of which model, and what they cost.
create table if not exists {schema}.vector_batches (
    model text not null, tenant text not null, document_id uuid not null, version bigint not null,
    batch integer not null, chunks integer not null, tokens bigint not null, cost_micros bigint not null,
    embedded integer not null, primary key (tenant, document_id, version, batch, model)
);
create index if not exists vector_batches_of_model on {schema}.vector_batches (model);

-- Vectors of the models that migrations brought in, a partition for each, as it is the length that HNSW needs.
create table if not exists {schema}.model_vectors (
    tenant text not null, document_id uuid not null, version bigint not null, ordinal integer not null,
    content_hash bytea not null, model text not null, embedding halfvec
) partition by list (model);
create index if not exists model_vectors_place on {schema}.model_vectors (tenant, document_id, version, ordinal);
create index if not exists model_vectors_hash on {schema}.model_vectors (tenant, content_hash);
