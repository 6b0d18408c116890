-- Which version of a document search sees (0: none), and up to which it was deleted.
create table if not exists {schema}.heads (
    tenant text not null, document_id uuid not null, version bigint not null default 0,
    deleted_up_to bigint not null default 0, chunks bigint not null default 0,
    erased_up_to bigint not null default 0, ordered_at timestamptz, primary key (tenant, document_id)
);
create index if not exists heads_in_use on {schema}.heads (tenant) include (document_id, version, chunks)
    where version > 0;

-- Versions that search sees or saw, each from the moment that the log had it whole up to the one at which it was replaced
-- or deleted. Which rows there are of them says `chunk_texts` as far as they are the live ones, `past_texts` otherwise.
create table if not exists {schema}.seen (
    tenant text not null, document_id uuid not null, version bigint not null, chunks bigint not null,
    from_at timestamptz not null, from_place text collate "C" not null, to_at timestamptz, to_place text collate "C",
    primary key (tenant, document_id, version)
);

-- Versions whose last fact (DocumentIndexed) was folded: seen once all their batches are there both ways.
create table if not exists {schema}.indexed (
    tenant text not null, document_id uuid not null, version bigint not null, batches integer not null,
    chunks bigint not null, primary key (tenant, document_id, version)
);

-- The guard: a batch is inserted once, as text ('t') and as vectors ('v'), whatever is redelivered. A 'c' guards a whole
-- version: it was cancelled, and nothing of it is inserted.
create table if not exists {schema}.batches (
    tenant text not null, document_id uuid not null, version bigint not null, kind "char" not null,
    batch integer not null, primary key (tenant, document_id, version, kind, batch)
);

-- Texts and vectors are apart, and rows are only inserted and deleted: an update would insert into HNSW again.
create table if not exists {schema}.chunk_texts (
    tenant text not null, document_id uuid not null, version bigint not null, ordinal integer not null,
    batch integer not null, "text" text not null, heading text, page integer, start_char bigint not null,
    end_char bigint not null, tokens integer not null, content_hash bytea not null, tsv tsvector not null
) partition by hash (tenant);
create table if not exists {schema}.chunk_vectors (
    tenant text not null, document_id uuid not null, version bigint not null, ordinal integer not null,
    content_hash bytea not null, model text not null, embedding halfvec({dimensions})
) partition by hash (tenant);
-- What search saw before, and vectors of any model among it. No HNSW: the past is compared exactly.
create table if not exists {schema}.past_texts (like {schema}.chunk_texts) partition by hash (tenant);
create table if not exists {schema}.past_vectors (
    tenant text not null, document_id uuid not null, version bigint not null, ordinal integer not null,
    content_hash bytea not null, model text not null, embedding halfvec
) partition by hash (tenant);
do $$ declare name text; begin
    foreach name in array array['chunk_texts', 'chunk_vectors', 'past_texts', 'past_vectors'] loop
        for n in 0..3 loop
            execute format('create table if not exists {schema}.%1$s_%2$s partition of {schema}.%1$s'
                ' for values with (modulus 4, remainder %2$s)', name, n);
        end loop;
    end loop;
end $$;
create index if not exists chunk_texts_place on {schema}.chunk_texts (tenant, document_id, version, ordinal);
create index if not exists chunk_vectors_place on {schema}.chunk_vectors (tenant, document_id, version, ordinal);
create index if not exists chunk_vectors_hash on {schema}.chunk_vectors (tenant, content_hash);
create index if not exists past_texts_place on {schema}.past_texts (tenant, document_id, version, ordinal);
create index if not exists past_vectors_place on {schema}.past_vectors (tenant, document_id, version, ordinal);
