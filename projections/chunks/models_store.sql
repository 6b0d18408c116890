-- started: a model that a migration brings in
insert into {s}.embedding_models (model, served_as, dimensions, base_url, query_prefix, passage_prefix, ask_dimensions,
    price_per_million_tokens, state, reason, actor, started_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'kept', $9, $10, $11, $11) on conflict do nothing

-- turned: paused, or going on; what was dropped stays so
update {s}.embedding_models set state = $2, reason = $3, actor = $4, changed_at = $5
where model = $1 and state <> 'dropped'

-- switched: which model search reads, by the last word on the log
insert into {s}.embedding_live (model, previous, reason, actor, switched_at, "offset") values ($1, $2, $3, $4, $5, $6)
on conflict (one) do update set model = excluded.model, previous = excluded.previous, reason = excluded.reason,
    actor = excluded.actor, switched_at = excluded.switched_at, "offset" = excluded."offset"
where embedding_live."offset" < excluded."offset"

-- dropped: that it was, also of a model that no migration brought in
insert into {s}.embedding_models (model, state, reason, actor, started_at, changed_at)
values ($1, 'dropped', $2, $3, $4, $4)
on conflict (model) do update set state = 'dropped', reason = excluded.reason, actor = excluded.actor,
    changed_at = excluded.changed_at

-- missing: those of these models that have no table yet and were not dropped
select m as model from unnest($1::text[], $2::text[]) as given(m, t)
where to_regclass('{s}.' || t) is null
    and not exists (select from {s}.embedding_models e where e.model = m and e.state = 'dropped')

-- hold: nobody adds vectors while a table is made or goes
select pg_advisory_xact_lock(hashtextextended('{s} models', 0))

-- share: no table goes while vectors are added
select pg_advisory_xact_lock_shared(hashtextextended('{s} models', 0))

-- make: a partition, with its HNSW index unless a rebuild makes all indexes after the load
do $make$ begin
    if to_regclass('{s}.{table}') is null then
        create table {s}.{table} (like {s}.model_vectors including defaults);
        comment on table {s}.{table} is '{dimensions}';
        if to_regclass('{s}.chunk_vectors_near') is not null then
            create index {table}_near on {s}.{table} using hnsw ((embedding::halfvec({dimensions})) halfvec_cosine_ops);
        end if;
        alter table {s}.model_vectors attach partition {s}.{table} for values in ('{model}');
    end if;
end $make$

-- admit: batches without vectors of that model so far, unless it was dropped; what they cost
insert into {s}.vector_batches (model, tenant, document_id, version, batch, chunks, tokens, cost_micros, embedded)
select m, t, d, v, b, n, k, c, e from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::int[], $6::int[],
    $7::bigint[], $8::bigint[], $9::int[]) as given(m, t, d, v, b, n, k, c, e)
where not exists (select from {s}.embedding_models x where x.model = m and x.state = 'dropped')
on conflict do nothing returning model, tenant, document_id, version, batch

-- drop_table: all vectors of a model that a migration brought in
drop table if exists {s}.{table}

-- drop_first: all vectors of the settings' model
delete from {s}.chunk_vectors where model = $1

-- drop_batches: nothing has vectors of that model any more
delete from {s}.vector_batches where model = $1

-- drop_past: nor do those that search saw before
delete from {s}.past_vectors where model = $1
