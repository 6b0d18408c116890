-- beginning: phrases that begin with what was typed, the shortest of some first
with found as materialized (
    select p.kind, p.folded, p.phrase, p.document_id, p.version, p.indexed_at from read.predicted_phrases p
    where p.tenant = $1 and p.folded >= $2 and p.folded < $3 {filter} limit 500
)
select kind::text as kind, folded, min(phrase collate "C") as phrase, count(distinct document_id) as documents,
    max(indexed_at) as indexed_at,
    (array_agg(document_id || '/' || version order by indexed_at desc, document_id))[1:3] as places
from found group by kind, folded order by length(folded), folded, kind limit $4

-- words: phrases with words that begin like those that were typed, those first that begin with it, then the shortest
with found as materialized (
    select p.kind, p.folded, p.phrase, p.document_id, p.version, p.indexed_at from read.predicted_phrases p
    where p.tenant = $1 and p.words @@ $2::text::tsquery {filter} limit 1000
)
select kind::text as kind, folded, min(phrase collate "C") as phrase, count(distinct document_id) as documents,
    max(indexed_at) as indexed_at,
    (array_agg(document_id || '/' || version order by indexed_at desc, document_id))[1:3] as places
from found group by kind, folded order by starts_with(folded, $3) desc, length(folded), folded, kind limit $4
