-- project: one project
select * from {projects} x where tenant = $1 and project_id = $2

-- projects: a page of projects, newest first
select * from {projects} p where tenant = $1
    and ($2::timestamptz is null or (created_at, project_id) < ($2::timestamptz, $3::uuid)) {filter}
order by created_at desc, project_id desc limit $4

-- episode: one episode
select e.*, array_position(o.episode_order, e.episode_id) - 1 as place from {episodes} e
join {episode_orders} o on o.tenant = e.tenant and o.project_id = e.project_id
where e.tenant = $1 and e.project_id = $2 and e.episode_id = $3

-- episodes: a page of the episodes of a project, in their order
select * from (
    select e.*, array_position(o.episode_order, e.episode_id) - 1 as place from {episodes} e
    join {episode_orders} o on o.tenant = e.tenant and o.project_id = e.project_id
    where e.tenant = $1 and e.project_id = $2
) x where place > $3 {filter} order by place limit $4

-- documents: a page of the documents of a project, the last ones added first
select m.document_id, m.added_at, d.title, d.file_name, d.status, d.media_type
from {project_documents} m
left join {documents} d on d.tenant = m.tenant and d.document_id = m.document_id
where m.tenant = $1 and m.project_id = $5
    and ($2::timestamptz is null or (m.added_at, m.document_id) < ($2::timestamptz, $3::uuid))
order by m.added_at desc, m.document_id desc limit $4

-- members: which of these documents are the project's
select document_id from read.project_documents where tenant = $1 and project_id = $2 and document_id = any($3)

-- projects_of: the projects that a document is in
select project_id from read.project_documents where tenant = $1 and document_id = $2 order by added_at, project_id

-- last: where the last that happened to a project lies
select max("offset") from read.project_events where tenant = $1 and project_id = $2

-- happened: what happened to a project after a place, in the order of the log
select event_id, "offset", event, episode_id, draft_id, job_id, revision, number, code, actor, at
from read.project_events where tenant = $1 and project_id = $2 and "offset" > $3 order by "offset" limit $4

-- reached: how far each partition is folded
select partition, next_offset from read.projects_checkpoints where topic = $1

-- moved: the projects that something happened to beyond these places
select distinct e.tenant, e.project_id from unnest($1::int[], $2::bigint[]) as v(partition, reached)
join read.project_events e on e.partition = v.partition and e."offset" >= v.reached

-- everything_in: the documents of a project that came in up to a place of its order and are in it still, and where
select document_id, split_part(from_place, ':', 3)::bigint as came_in from read.project_documents where tenant = $1 and project_id = $2
    and split_part(from_place, ':', 3) <= lpad($3::bigint::text, 19, '0')

-- decision: what became of a command
select * from read.project_decisions where tenant = $1 and command_id = $2
