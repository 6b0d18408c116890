-- add_heads: blank rows, so that there is something to lock
insert into {s}.heads (tenant, document_id)
select t, d from unnest($1::text[], $2::uuid[]) as given(t, d) on conflict do nothing

-- lock_heads: in one order everywhere, so that two runners in a rebalance wait for each other and do not deadlock
select heads.* from {s}.heads join unnest($1::text[], $2::uuid[]) as given(t, d)
on tenant = t and document_id = d order by tenant, document_id for update of heads

-- save_head: what is known of a document now
update {s}.heads set active = $3, gone_up_to = $4, cancelled = $5, indexed_at = $6 where tenant = $1 and document_id = $2

-- drop: what can not be foretold from any more
delete from {s}.phrases where tenant = $1 and document_id = $2
    and (version < $3 or version <= $4 or version = any($5))

-- add: phrases, each once a version; a title that was given with the document counts more than the one found in it
insert into {s}.phrases
select t, d, v, k::"char", f, p, array_to_tsvector(string_to_array(w, ' '))
from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[])
    as given(t, d, v, k, f, p, w, found)
where not (found and exists (
    select from {s}.phrases x where x.tenant = t and x.document_id = d and x.version = v and x.kind = 't'))
on conflict do nothing
