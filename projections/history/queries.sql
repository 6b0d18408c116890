-- of_document: what the log says of a document, in its order
select * from read.history where tenant = $1 and document_id = $2 and of_project = {of_project}
    and ($3::timestamptz is null or (at, place) > ($3::timestamptz, $4::text)) order by at, place limit $5

-- of_part: what the log says of an episode, or of a draft
select * from read.history where tenant = $1 and {part} = $2
    and ($3::timestamptz is null or (at, place) > ($3::timestamptz, $4::text)) order by at, place limit $5

-- of_job: what the log says of a job, also what ended it from without
select * from read.history where tenant = $1 and (job_id = $2 or (document_id = $6 and place = any($7)))
    and ($3::timestamptz is null or (at, place) > ($3::timestamptz, $4::text)) order by at, place limit $5

-- turns: the places at which a job changed
select document_id, array_agg(from_place) as places from read.job_ranges
where tenant = $1 and job_id = $2 and document_id = any(array(select document_id from read.jobs where job_id = $2))
group by document_id

-- causes: what these events were caused by, however indirectly, the nearest first
with recursive back as (
    select e.event_id as of, 1 as step, c.event_id, c.causation_id, c.event, c.place
    from read.history e join read.history c on c.tenant = e.tenant and c.document_id = e.document_id
        and c.event_id = e.causation_id and c.topic <> 'muniment.dlq'
    where e.tenant = $1 and e.document_id = $2 and e.place = any($3) and e.causation_id <> e.event_id
    union all
    select b.of, b.step + 1, c.event_id, c.causation_id, c.event, c.place
    from back b join read.history c on c.tenant = $1 and c.document_id = $2 and c.event_id = b.causation_id
        and c.topic <> 'muniment.dlq'
    where b.causation_id <> b.event_id and b.step < 20
)
select distinct on (of, step) * from back order by of, step, place

-- documents: the rows of a document that began or ended at these places
select * from read.document_ranges
where tenant = $1 and document_id = $2 and (from_place = any($3) or to_place = any($3))

-- versions: the rows of its versions
select * from read.version_ranges
where tenant = $1 and document_id = $2 and (from_place = any($3) or to_place = any($3))

-- costs: what drafts of a project had cost before these places, and from them on
select tokens_in, tokens_out, cost_micros, from_place, to_place from read.draft_ranges
where tenant = $1 and project_id = $2 and (from_place = any($3) or to_place = any($3))

-- jobs: the states of a job
select * from read.job_ranges
where tenant = $1 and document_id = $2 and job_id = $4 and (from_place = any($3) or to_place = any($3))
