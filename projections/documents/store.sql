-- add: blank rows, so that there is something to lock; those that were not there yet
insert into {s}.documents (tenant, document_id, status, latest_version, deleted_up_to)
select t, d, 'unknown', 0, 0 from unnest($1::text[], $2::uuid[]) as given(t, d) on conflict do nothing
returning tenant, document_id

-- heads: locked in one order everywhere, so that two runners in a rebalance wait for each other and do not deadlock
select documents.* from {s}.documents join unnest($1::text[], $2::uuid[]) as given(t, d)
on tenant = t and document_id = d order by tenant, document_id for update of documents

-- versions: those that facts about these versions and jobs can touch
select v.* from unnest($1::text[], $2::uuid[]) as given(t, d)
join {s}.documents h on h.tenant = t and h.document_id = d
join {s}.versions v on v.tenant = t and v.document_id = d
where v.version = any($3) or v.job_id = any($4) or v.document_id = any($5)
    or v.version in (h.active_version, h.latest_version)

-- failures: jobs of these documents that ended as dead letters
select f.* from unnest($1::text[], $2::uuid[]) as given(t, d)
join {s}.failures f on f.tenant = t and f.document_id = d

-- past: what the rows of a document said before
select * from {s}.{table} where tenant = $1 and document_id = $2

-- forget: all of it, which is written anew
delete from {s}.{table} where tenant = $1 and document_id = $2
