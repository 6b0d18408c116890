-- intro: sets what one search needs (a plan for these very parameters, an index scan that goes on until it has enough),
-- and gives the words of the query, in their order, and how many chunks pass the filter, counted up to so many documents
select set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.ef_search', $1, true), set_config('jit', 'off', true),
    array(select lexeme from unnest(to_tsvector('english', $2)) order by positions[1]) as lexemes,
    coalesce(sum(chunks), 0)::bigint as chunks, count(*) as documents
from (
    select a.chunks from {active_versions} a {join} where a.tenant = $3 {filter} limit $4
) counted

-- vector_exact: every vector that passes the filter is compared; recall 1
with passing as materialized (
    select v.document_id, v.version, v.ordinal, v.embedding from {active_versions} a {join}
    join {rows} v on v.document_id = a.document_id and v.version = a.version
    where a.tenant = $1 and v.tenant = $1 and v.embedding is not null and v.model = coalesce($4, v.model) {filter}
)
select document_id, version, ordinal, embedding <=> $2::text::{halfvec} as distance from passing
order by distance, document_id, ordinal limit $3

-- vector_near: by the HNSW index, which is read on until enough rows pass
select v.document_id, v.version, v.ordinal, {embedding} <=> $2::text::{halfvec} as distance from {rows} v
where v.tenant = $1 and v.model = coalesce($4, v.model) and exists (
    select 1 from {active_versions} a {join}
    where a.tenant = $1 and a.document_id = v.document_id and a.version = v.version {filter}
)
order by {embedding} <=> $2::text::{halfvec} limit $3

-- text_all: chunks that have every word, those with the words close together first
select x.document_id, x.version, x.ordinal, ts_rank_cd(x.tsv, $2::text::tsquery, 1) as score from {chunk_texts} x
join {active_versions} a on a.document_id = x.document_id and a.version = x.version {join}
where x.tenant = $1 and a.tenant = $1 and x.tsv @@ $2::text::tsquery {filter}
order by score desc, x.document_id, x.ordinal limit $3

-- text_any: chunks that have some word, of a bounded number, rare words counting more (inverse document frequency);
-- coverage is the share of all the query's words that they have, by that weight, words that nothing has included
with found as materialized (
    select x.document_id, x.version, x.ordinal, x.tsv from {chunk_texts} x
    join {active_versions} a on a.document_id = x.document_id and a.version = x.version {join}
    where x.tenant = $1 and a.tenant = $1 and x.tsv @@ $2::text::tsquery {filter} {some} limit $4
), had as (
    select f.document_id, f.version, f.ordinal, t.term from found f join unnest($5::text[]) as t(term)
    on f.tsv @@ t.term::tsquery
), worth as (
    select term, ln(1 + (select count(*) from found)::float8 / greatest(count(had.term), 0.5)) as idf
    from unnest($5::text[]) as t(term) left join had using (term) group by term
), best as (
    select document_id, version, ordinal, sum(idf) as score from had join worth using (term)
    group by document_id, version, ordinal order by score desc, document_id, ordinal limit 4 * $3
)
select b.document_id, b.version, b.ordinal, b.score + ts_rank_cd(f.tsv, $2::text::tsquery, 33) as score,
    b.score / (select sum(idf) from worth) as coverage
from best b join found f using (document_id, version, ordinal)
order by score desc, b.document_id, b.ordinal limit $3

-- passages: what the hits say
select x.document_id, x.version, x.ordinal, d.title, d.file_name, d.media_type, x.page, x.heading, x.start_char,
    x.end_char, x."text" from unnest($2::uuid[], $3::bigint[], $4::int[]) as g(i, v, o)
join {chunk_texts} x on x.tenant = $1 and x.document_id = i and x.version = v and x.ordinal = o
left join {documents} d on d.tenant = $1 and d.document_id = i

-- unseen: of these versions those that search has not come to yet: neither to them, nor past them, nor to their deletion
select given.document_id, given.version from unnest($2::uuid[], $3::bigint[]) as given(document_id, version)
where not exists (
    select from read.search_heads h
    where h.tenant = $1 and h.document_id = given.document_id and h.version >= given.version
)
