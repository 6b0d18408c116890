-- drafts: these drafts
select d.* from {s}.drafts d join unnest($1::text[], $2::uuid[]) as given(t, i) on d.tenant = t and d.draft_id = i

-- rows: what hangs on these drafts
select r.* from {s}.{table} r join unnest($1::text[], $2::uuid[]) as given(t, i) on r.tenant = t and r.draft_id = i
order by {order}

-- commits: of these projects the versions of scripts that are named, and all of those that go
select c.* from {s}.commits c join unnest($1::text[], $2::uuid[]) as given(t, i) on c.tenant = t and c.project_id = i
where c.episode_id = any($5) or c.project_id = any($6)
    or exists (select from unnest($3::uuid[], $4::integer[]) as named(e, n) where c.episode_id = e and c.number = n)

-- heads: how far these projects are folded
select h.* from {s}.heads h join unnest($1::text[], $2::uuid[]) as given(t, i) on h.tenant = t and h.project_id = i

-- unreadable: what a draft said before it was erased; that it was in these states stays
update {s}.past_drafts set brief = null, text = null, reason = null, erased_at = $3
where tenant = $1 and draft_id = $2 and erased_at is null
