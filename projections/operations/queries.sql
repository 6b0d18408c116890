-- latest: the last entry of some kinds about each thing
select distinct on (about) * from read.operations where kind = any($1) order by about, partition desc, "offset" desc

-- breakers: the last entry of some kinds about each breaker; of parts (`fetching:<host>`) if it is no older than $2
select * from (
    select distinct on (about) * from read.operations where kind = any($1)
    order by about, partition desc, "offset" desc
) last where strpos(about, ':') = 0 or at >= $2

-- steps: the last halt or resumption of each step; a person's halt (none of $1) is that until a person ends it
with words as (
    select *, case kind when 'halted' then (body ->> 'dead')::bigint <= 0 else body ->> 'by' <> 'probe' end as by_person
    from read.operations where kind in ('halted', 'resumed')
), lasting as (
    select distinct on (about, by_person) *, by_person and kind = 'halted' as binding from words
    where not (by_person and kind = 'halted' and about = any($1))
    order by about, by_person, partition desc, "offset" desc
)
select distinct on (about) * from lasting
where not exists (
    -- The halt of a branch ends with the model whose branch it is.
    select from read.operations d where d.kind = 'embeddings_dropped' and strpos(lasting.about, ':') > 0
        and substr(lasting.about, strpos(lasting.about, ':') + 1) = replace(d.about, '/', '-'))
order by about, binding desc, partition desc, "offset" desc

-- history: the entries of some kinds about a thing, newest first
select * from read.operations where kind = any($1) and about = $2 order by partition desc, "offset" desc limit $3

-- list: a page of what was done, newest first, without the single letters of redrives
select * from read.operations where kind <> 'redriven' and (tenant = $1 or kind = any($2))
    and ($3::timestamptz is null or (at, event_id) < ($3::timestamptz, $4::text::uuid)) {filter}
order by at desc, event_id desc limit $5

-- outcome: what was decided on a command
select * from read.operations where operation_id = $3 and (tenant = $1 or kind = any($2)) and kind <> 'redriven'
order by partition, "offset" limit 100

-- redrives: a page of redrives, newest first
select r.about::uuid as redrive_id, r.event_id, r.tenant, r.actor, r.at as started_at, r.reason,
    (r.body->>'letters')::bigint as letters, r.body->'selection' as selection, (r.body->>'rate')::float8 as rate,
    (r.body->>'canary')::bigint as canary, s.redriven, f.failed, e.at as ended_at, e.body->>'outcome' as outcome,
    e.reason as ended_reason, s.last_at
from read.operations r
cross join lateral (
    select count(distinct o.body->>'letter') as redriven, max(o.at) as last_at
    from read.operations o where o.kind = 'redriven' and o.about = r.about
) s
cross join lateral (select count(*) as failed from read.redrive_failures x where x.redrive_id = r.about::uuid) f
left join lateral (
    select at, body, reason from read.operations o where o.kind = 'redrive_ended' and o.about = r.about
    order by partition, "offset" limit 1
) e on true
where r.kind = 'redrive_started' and r.tenant = $1 and ($2::text is null or r.about = $2)
    and ($3::timestamptz is null or (r.at, r.event_id) < ($3::timestamptz, $4::text::uuid))
order by r.at desc, r.event_id desc limit $5

-- model_at: the model that search was switched to last before a time, or from which it was switched first after it
select coalesce(
    (select body ->> 'model' from read.operations
        where kind = 'embeddings_switched' and at <= $1 order by partition desc, "offset" desc limit 1),
    (select body ->> 'previous' from read.operations
        where kind = 'embeddings_switched' and at > $1 order by partition, "offset" limit 1)
)
