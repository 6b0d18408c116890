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

-- coverage: of versions that search sees, and what all vectors of a model cost
select model, count(a.version) as batches, coalesce(sum(v.chunks) filter (where a.version is not null), 0)::bigint as chunks,
    coalesce(sum(v.tokens), 0)::bigint as tokens, coalesce(sum(v.cost_micros), 0)::bigint as cost_micros
from read.vector_batches v left join read.active_versions a using (tenant, document_id, version) group by model

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

-- gaps: batches that search sees without vectors of a model
select count(*) from read.text_batches b join read.active_versions a using (tenant, document_id, version)
where not exists (select from read.vector_batches v where v.model = $1 and v.tenant = b.tenant
    and v.document_id = b.document_id and v.version = b.version and v.batch = b.batch)
