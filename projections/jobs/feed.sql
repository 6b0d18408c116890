-- reached: how far the jobs are folded
select topic, partition, next_offset from read.jobs_checkpoints where next_offset > 0

-- beyond: what changed beyond a mark, in the order in which it was folded; a row that the mark's reader was overtaken
-- by (he was told of a later change of the job, which only another fold can have put before this one) brings the job as
-- it is now. The limit inside, and the `offset 0`, keep the planner to one short look into an index for each partition
-- and job: guessing, it would rather read the whole feed
select f.number, f.topic, f.partition, f."offset", f.tenant, f.job_id,
    case when late.job is null then f.job else late.job end as job,
    case when late.job is null then f.awaits else late.awaits end as awaits
from ({found}) s join read.job_feed f on f.number = s.number
left join lateral (
    select l.job, l.awaits from read.job_feed l
    where l.job_id = f.job_id and l.number > f.number and l.job is not null and exists (
        select from (
            select topic, partition, "offset" from read.job_feed where job_id = f.job_id and number > f.number offset 0
        ) o join unnest($1::text[], $2::int[], $3::bigint[]) as v(topic, partition, reached) using (topic, partition)
        where o."offset" < v.reached
    ) order by l.number desc limit 1
) late on true
order by f.number

-- found_of_all: numbers of rows beyond a mark
select n.number from read.jobs_checkpoints c
left join unnest($1::text[], $2::int[], $3::bigint[]) as w(topic, partition, reached) using (topic, partition)
cross join lateral (
    select i.number from read.job_feed i
    where i.topic = c.topic and i.partition = c.partition and i."offset" >= coalesce(w.reached, 0)
        and i.tenant = any($4) and $6::uuid[] is null and ($7::uuid is null or i.document_id = $7)
    order by i."offset" limit $5
) n order by n.number limit $5

-- found_of_some: the same of jobs that are named, by way of these
select i.number from (
    select number, topic, partition, "offset" from read.job_feed
    where job_id = any($6::uuid[]) and tenant = any($4) and ($7::uuid is null or document_id = $7) offset 0
) i left join unnest($1::text[], $2::int[], $3::bigint[]) as w(topic, partition, reached) using (topic, partition)
where i."offset" >= coalesce(w.reached, 0) order by i.number limit $5

-- at: the newest state of the jobs whose change lies at these places
select f.number, f.topic, f.partition, f."offset", f.tenant, f.job_id, late.job, late.awaits
from unnest($1::text[], $2::int[], $3::bigint[]) as h(topic, partition, place)
join read.job_feed f on f.topic = h.topic and f.partition = h.partition and f."offset" = h.place
cross join lateral (
    select l.job, l.awaits from read.job_feed l
    where l.job_id = f.job_id and l.job is not null order by l.number desc limit 1
) late
where f.tenant = any($4) and ($5::uuid[] is null or f.job_id = any($5)) and ($6::uuid is null or f.document_id = $6)
order by f.number

-- awaiting: the last ends of a tenant's jobs, without the job where search has come to what it brought
select f.number, f.topic, f.partition, f."offset", f.tenant, f.job_id,
    case when coalesce(h.version, 0) < f.awaits then f.job end as job,
    case when coalesce(h.version, 0) < f.awaits then f.awaits end as awaits
from (
    select * from read.job_feed
    where tenant = $1 and awaits is not null and told_at > now() - $2::interval order by number desc limit $3
) f left join read.search_heads h on h.tenant = f.tenant and h.document_id = f.document_id
order by f.number

-- open: the newest jobs of a tenant that have not ended, with their places in the queue
select j.*, q.place as queue_position from (
    select * from read.jobs where tenant = $1 and "end" is null and ($2::uuid is null or document_id = $2)
        and ($3::text is null or lane = $3) and ($5::uuid is null or (tenant, document_id) in (
            select m.tenant, m.document_id from read.project_documents m where m.project_id = $5 union all
            select $1, $5
        )) order by created_at desc, job_id desc limit $4
) j left join ({places}) q using (job_id) order by j.created_at desc, j.job_id desc

-- queue: how many jobs of a tenant wait for their turn, and the places of the first in each lane and of these
select job_id, place, queued from (select p.*, count(*) over () as queued from ({places}) p) q
where place <= $2 or job_id = any($3) order by place, job_id

-- newest: the newest job of each of these documents
select distinct on (document_id) *, null::bigint as queue_position from read.jobs
where tenant = $1 and document_id = any($2) order by document_id, created_at desc, job_id desc
