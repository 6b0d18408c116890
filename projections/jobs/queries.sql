-- line: which queue a job stands in; deletions and cancellations name no lane and go by the interactive one
coalesce({job}.lane, case when {job}.kind in ('delete', 'cancel') then 'interactive' else 'normal' end)

-- places: the places of a tenant's queued jobs, from 1 in each lane: none waits for those of another
select x.job_id, row_number() over (partition by {line_of_x} order by x.created_at, x.job_id) as place
from {jobs} x where x.tenant = $1 and x.state = 'queued'

-- get: one job, with its place in the tenant's queue
select j.*, case when j.state = 'queued' then 1 + (
    select count(*) from {jobs} x where x.tenant = $1 and x.state = 'queued' and {line_of_x} = {line_of_j}
    and (x.created_at, x.job_id) < (j.created_at, j.job_id)) end as queue_position
from {jobs} j where j.tenant = $1 and j.job_id = $2

-- list: a page of jobs, newest first
select j.*, q.place as queue_position from (
    select * from {jobs} x where tenant = $1
        and ($2::timestamptz is null or (created_at, job_id) < ($2::timestamptz, $3::uuid)) {filter}
    order by created_at desc, job_id desc limit $4
) j left join ({places}) q using (job_id) order by j.created_at desc, j.job_id desc

-- some: these jobs
select j.*, q.place as queue_position from {jobs} j left join ({places}) q using (job_id)
where j.tenant = $1 and j.job_id = any($2)

-- open: jobs of all tenants that have not ended
select count(*) from read.jobs where "end" is null
