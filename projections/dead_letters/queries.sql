-- get: the dead letter at a place of the dead-letter topic
select * from read.dead_letters where tenant = any($1) and letter = $2

-- list: a page of dead letters, newest first
select * from read.dead_letters where tenant = any($1)
    and ($2::timestamptz is null or (failed_at, identity) < ($2::timestamptz, $3)) {filter}
order by failed_at desc, identity desc limit $4

-- groups: letters by fingerprint; step, code and message are those of the newest
with found as materialized (
    select letter, fingerprint, step, code, category, error, status, failed_at, program, identity
    from read.dead_letters where tenant = any($1) {filter}
), counted as (
    select fingerprint, sum(letters)::bigint as letters, jsonb_object_agg(status, letters) as by_status
    from (select fingerprint, status, count(*) as letters from found group by fingerprint, status) s
    group by fingerprint
), versions as (
    select fingerprint, array_agg(program order by last, program) as programs
    from (select fingerprint, program, max(failed_at) as last from found where program <> '' group by fingerprint, program) p
    group by fingerprint
), newest as (
    select distinct on (fingerprint) fingerprint, letter as sample, step, code, category, error, failed_at as last_seen,
        min(failed_at) over (partition by fingerprint) as first_seen
    from found order by fingerprint, failed_at desc, identity desc
)
select n.*, c.letters, c.by_status, coalesce(v.programs, '{}') as programs
from newest n join counted c using (fingerprint) left join versions v using (fingerprint)
order by n.last_seen desc, n.fingerprint limit $2

-- counted: how many letters there are of all causes
select count(*) from read.dead_letters where tenant = any($1) {filter}

-- resting: letters of embedding models that nobody embeds with
select m.model, m.state, count(*) as letters
from read.dead_letters l join read.embedding_models m on m.model = l.branch and m.state in ('dropped', 'paused')
where tenant = any($1) {filter} group by m.model, m.state order by m.model

-- waiting: letters of all tenants that an operator has still to decide on
select count(*) from read.dead_letters where status in ('waiting', 'edited', 'quarantined')
