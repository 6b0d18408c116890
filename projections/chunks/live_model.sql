-- there: whether the read model knows several models
select to_regclass('read.embedding_live') is not null

-- live: which model search reads; none while it was never switched
select model from read.embedding_live

-- live_added: that model, if a migration brought it in
select m.* from read.embedding_live l join read.embedding_models m using (model) where m.served_as <> ''

-- switch: the last switch
select model, previous, reason, actor, switched_at from read.embedding_live

-- models: all of them
select * from read.embedding_models order by started_at, model

-- coverage: of these models, in versions that search sees; and what all vectors of each cost
with told as (
    select model, count(a.version) as batches,
        coalesce(sum(v.chunks) filter (where a.version is not null), 0)::bigint as chunks,
        coalesce(sum(v.tokens), 0)::bigint as tokens, coalesce(sum(v.cost_micros), 0)::bigint as cost_micros
    from read.vector_batches v left join read.active_versions a using (tenant, document_id, version) group by model
), alone as (
    select model, count(*) as batches from (
        select min(v.model) as model from read.vector_batches v
        join read.active_versions a using (tenant, document_id, version)
        group by v.tenant, v.document_id, v.version, v.batch having count(*) = 1
    ) one group by model
)
select m as model, coalesce(t.batches, 0) as batches, coalesce(t.chunks, 0) as chunks, coalesce(t.tokens, 0) as tokens,
    coalesce(t.cost_micros, 0) as cost_micros, coalesce(l.unreadable, 0) as unreadable,
    coalesce(l.discarded, 0) as discarded, coalesce(a.batches, 0) as alone
from unnest($1::text[]) m left join told t on t.model = m left join alone a on a.model = m
left join ({left_out}) l on l.model = m

-- whole: all that search sees, and its texts, each once for a tenant
with seen as (
    select x.tenant, x.content_hash, x.tokens from read.chunk_texts x
    join read.active_versions a using (tenant, document_id, version)
), differing as (
    select tenant, content_hash, max(tokens) as tokens from seen group by tenant, content_hash
)
select (select count(*) from read.text_batches b join read.active_versions a using (tenant, document_id, version))
        as batches,
    (select count(*) from seen) as chunks, count(*) as texts, coalesce(sum(tokens), 0)::bigint as tokens from differing

-- gaps: batches that search sees and that a switch to a model waits for: they are to have its vectors, and have none
select (
    select count(*) from read.text_batches b join read.active_versions a using (tenant, document_id, version)
    where not exists (select from read.vector_batches v where v.model = any($1) and v.tenant = b.tenant
        and v.document_id = b.document_id and v.version = b.version and v.batch = b.batch)
) - (select coalesce(sum(unreadable + discarded), 0) from ({left_out}) l)

-- left_out: batches that search sees and that will have no vectors of these models, as nobody can read them any more,
-- or as their letters were discarded. A letter does not say which batch it was, so they are counted by version.
with unreadable as (
    -- A tombstone may be that of another key. While the document lives under a key that was there when the version
    -- became whole, the version can be read, whatever else ended.
    select a.tenant, a.document_id, a.version from read.active_versions a
    join read.seen_versions s using (tenant, document_id, version)
    where exists (select from muniment_keys.data_keys k where k.tenant = a.tenant and k.document_id = a.document_id
            and k.destroyed_at is not null)
        and not exists (select from muniment_keys.data_keys k where k.tenant = a.tenant
            and k.document_id = a.document_id and k.destroyed_at is null and k.created_at <= s.from_at)
), discarded as (
    select d.branch as model, v.tenant, v.document_id, v.version, count(distinct d.event_id) as letters
    from read.dead_letters d join read.versions v using (tenant, document_id, job_id)
    where d.branch = any($1) and d.branch <> '' and d.status in ('discarded', 'expired')
        -- What was discarded, and has come to something else since, is its model's affair again.
        and not exists (select from read.dead_letters o where o.branch = d.branch and o.event_id = d.event_id
            and o.status in ('waiting', 'edited', 'quarantined', 'redriving', 'redriven'))
    group by d.branch, v.tenant, v.document_id, v.version
), lacking as (
    select m as model, tenant, document_id, version, count(*) as batches
    from unnest($1::text[]) m cross join (
        select * from unreadable union select tenant, document_id, version from discarded
    ) named
    join read.active_versions a using (tenant, document_id, version)
    join read.text_batches b using (tenant, document_id, version)
    where not exists (select from read.vector_batches v where v.model = m and v.tenant = b.tenant
        and v.document_id = b.document_id and v.version = b.version and v.batch = b.batch)
    group by m, tenant, document_id, version
)
select l.model, coalesce(sum(l.batches) filter (where u.version is not null), 0)::bigint as unreadable,
    coalesce(sum(least(l.batches, coalesce(d.letters, 0))) filter (where u.version is null), 0)::bigint as discarded
from lacking l left join unreadable u using (tenant, document_id, version)
left join discarded d using (model, tenant, document_id, version) group by l.model
