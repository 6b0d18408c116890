-- add_heads: blank rows, so that there is something to lock
insert into {s}.heads (tenant, document_id)
select t, d from unnest($1::text[], $2::uuid[]) as given(t, d) on conflict do nothing

-- lock_heads: in one order everywhere, so that two runners in a rebalance wait for each other and do not deadlock
select heads.* from {s}.heads join unnest($1::text[], $2::uuid[]) as given(t, d)
on tenant = t and document_id = d order by tenant, document_id for update of heads

-- guard: batches that were not inserted before; from now on they were
insert into {s}.batches (tenant, document_id, version, kind, batch)
select t, d, v, k::"char", b from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::int[])
as given(t, d, v, k, b) on conflict do nothing returning tenant, document_id, version, kind::text as kind, batch

-- not_indexed: those of these versions that are not whole on the log
select t, d, v from unnest($1::text[], $2::uuid[], $3::bigint[]) as given(t, d, v) where not exists (
    select from {s}.indexed i where i.tenant = t and i.document_id = d and i.version = v)

-- drop: what is there of these versions
delete from {s}.{table} x using unnest($1::text[], $2::uuid[], $3::bigint[]) as given(t, d, v)
where x.tenant = t and x.document_id = d and x.version = v

-- cancel: from now on nothing comes of these versions
insert into {s}.batches (tenant, document_id, version, kind, batch)
select t, d, v, 'c', 0 from unnest($1::text[], $2::uuid[], $3::bigint[]) as given(t, d, v) on conflict do nothing

-- cancelled: those of these versions that are
select b.tenant, b.document_id, b.version from {s}.batches b
join unnest($1::text[], $2::uuid[], $3::bigint[]) as given(t, d, v)
on b.tenant = t and b.document_id = d and b.version = v and b.kind = 'c' and b.batch = 0

-- texts: a batch of texts with their words
insert into {s}.{table}
select $1::text, $2::uuid, $3::bigint, o, $4::int, x, h, p, a, z, n, c,
    setweight(to_tsvector('english', hw), 'A') || setweight(to_tsvector('simple', hp), 'A')
    || to_tsvector('english', xw) || to_tsvector('simple', xp)
from unnest($5::int[], $6::text[], $7::text[], $8::int[], $9::bigint[], $10::bigint[], $11::int[], $12::bytea[],
    $13::text[], $14::text[], $15::text[], $16::text[]) as given(o, x, h, p, a, z, n, c, hw, hp, xw, xp)

-- indexed: versions that are whole on the log
insert into {s}.indexed select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::int[], $5::bigint[])
on conflict do nothing

-- whole: versions of which every batch is here both ways
select i.tenant, i.document_id, i.version, i.chunks from unnest($1::text[], $2::uuid[]) as given(t, d)
join {s}.indexed i on i.tenant = t and i.document_id = d
where i.batches <= (select count(*) from {s}.batches b where b.tenant = t and b.document_id = d
        and b.version = i.version and b.kind = 't')
    and i.batches <= (select count(*) from {s}.batches b where b.tenant = t and b.document_id = d
        and b.version = i.version and b.kind = 'v')

-- save_head: which version is seen
update {s}.heads set version = $3, deleted_up_to = $4, chunks = $5, erased_up_to = $6, ordered_at = $7
where tenant = $1 and document_id = $2

-- bury: what can not be seen any more goes to the past if it was seen, unless it was erased
with gone as (
    delete from {s}.{table} where tenant = $1 and document_id = $2 and (version < $3 or version <= $4)
    returning {columns}
)
insert into {s}.{past} ({columns}) select {columns} from gone where version > $5 and exists (
    select from {s}.seen where tenant = $1 and document_id = $2 and version = gone.version)

-- clear: what can not be seen any more; the guards of what was seen stay, they guard the past
delete from {s}.{table} where tenant = $1 and document_id = $2 and (version < $3 or version <= $4)
    and (version <= $5 or not exists (
        select from {s}.seen s where s.tenant = $1 and s.document_id = $2 and s.version = {table}.version))

-- clear_all: what can not be seen any more
delete from {s}.{table} where tenant = $1 and document_id = $2 and (version < $3 or version <= $4)

-- erase_past: what was seen of erased versions
delete from {s}.{past} where tenant = $1 and document_id = $2 and version <= $3

-- seen: what search saw of these documents
select seen.* from {s}.seen join unnest($1::text[], $2::uuid[]) as given(t, d) on tenant = t and document_id = d
