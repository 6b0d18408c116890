-- ended: what ended in each span of time: how many jobs, how they ended, what they brought and cost
select date_bin($4::interval, finished_at, $2::timestamptz) as at,
    count(*) filter (where state = 'succeeded') as succeeded, count(*) filter (where state = 'failed') as failed,
    count(*) filter (where state not in ('succeeded', 'failed')) as others,
    coalesce(sum(chunks), 0)::bigint as chunks, coalesce(sum(tokens), 0)::bigint as tokens,
    coalesce(sum(cost_micros), 0)::bigint as cost_micros,
    (percentile_cont(0.5) within group (order by extract(epoch from finished_at - created_at)))::float8 as median_s,
    (percentile_cont(0.95) within group (order by extract(epoch from finished_at - created_at)))::float8 as slow_s
from read.jobs where tenant = $1 and finished_at >= $2 and finished_at < $3 and "end" is not null
group by 1 order by 1

-- due: jobs that wait for a retry, the next one due first
select *, null::bigint as queue_position from read.jobs
where tenant = $1 and state = 'waiting_retry' and "end" is null
    and ($2::timestamptz is null or (coalesce(retry_due_at, timestamptz '9999-01-01 00:00:00Z'), job_id) > ($2::timestamptz, $3::text::uuid))
order by coalesce(retry_due_at, timestamptz '9999-01-01 00:00:00Z'), job_id limit $4

-- open: a tenant's jobs that have not ended, by state, step and lane
select state, step, coalesce(lane, 'normal') as lane, count(*) as jobs
from read.jobs where tenant = $1 and "end" is null group by 1, 2, 3 order by 1, 2, 3
