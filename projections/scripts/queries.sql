-- draft: one draft with the versions of the script that it was, and is
select d.*, {numbers} as numbers, {current} as current from {drafts} d where d.tenant = $1 and d.draft_id = $2

-- drafts: a page of the drafts of an episode, newest first, without their texts
select {columns}, {numbers} as numbers, {current} as current from {drafts} d
where d.tenant = $1 and d.project_id = $5 and d.episode_id = $6
    and ($2::timestamptz is null or (d.requested_at, d.draft_id) < ($2::timestamptz, $3::uuid)) {filter}
order by d.requested_at desc, d.draft_id desc limit $4

-- citations: the marks of a draft, with what is known of their documents
select c.*, t.title, t.file_name, {standing} as standing from {draft_citations} c
left join {documents} t on t.tenant = c.tenant and t.document_id = c.document_id
where c.tenant = $1 and c.draft_id = $2 order by c.place

-- passages: the passages that the marks of a draft mean
select c.*, t.title, t.file_name, {standing} as standing from {drafts} d
join {draft_passages} c on c.tenant = d.tenant and c.draft_id = d.origin
left join {documents} t on t.tenant = c.tenant and t.document_id = c.document_id
where d.tenant = $1 and d.draft_id = $2 order by c.number

-- charges: the calls for a draft that were paid for and whose answer it is not
select c.* from {draft_charges} c where c.tenant = $1 and c.draft_id = $2 order by c.attempt

-- chunk: the text of a chunk that search sees, or saw
select "text", heading from (
    select "text", heading from read.chunk_texts
    where tenant = $1 and document_id = $2 and version = $3 and ordinal = $4
    union all
    select "text", heading from read.past_texts
    where tenant = $1 and document_id = $2 and version = $3 and ordinal = $4
) x limit 1

-- sources: the documents that a draft goes back to
select c.*, t.title, t.file_name, t.active_version, {standing} as standing from {draft_sources} c
join {drafts} d on d.tenant = c.tenant and d.draft_id = c.draft_id
left join {documents} t on t.tenant = c.tenant and t.document_id = c.document_id
where c.tenant = $1 and c.draft_id = $2 order by c.cited desc, c.document_id, c.version

-- scripts_of: a page of the drafts that go back to a document, newest first
select {columns}, c.version, c.inherited, c.passages, c.cited, c.holding, {standing} as standing, t.active_version,
    {numbers} as numbers, {current} as current
from {draft_sources} c
join {drafts} d on d.tenant = c.tenant and d.draft_id = c.draft_id
left join {documents} t on t.tenant = c.tenant and t.document_id = c.document_id
where c.tenant = $1 and c.document_id = $5
    and ($2::timestamptz is null or (d.requested_at, d.draft_id, c.version) < ($2::timestamptz, $3::uuid, $6::integer))
order by d.requested_at desc, d.draft_id desc, c.version desc limit $4

-- versions: the numbered versions of an episode's script, newest first
select v.*, d.state, d.kind, d.based_on, d.requested_by, d.requested_at from {script_versions} v
left join {drafts} d on d.tenant = v.tenant and d.draft_id = v.draft_id
where v.tenant = $1 and v.project_id = $2 and v.episode_id = $3 and ($4::integer is null or v.number < $4)
order by v.number desc limit $5

-- version: one version of an episode's script; the last one when no number is asked for
select v.*, d.state, d.kind, d.based_on, d.requested_by, d.requested_at from {script_versions} v
left join {drafts} d on d.tenant = v.tenant and d.draft_id = v.draft_id
where v.tenant = $1 and v.project_id = $2 and v.episode_id = $3 and ($4::integer is null or v.number = $4)
order by v.number desc limit 1

-- last_words: since when a draft said what it said last
select from_at, from_place from read.draft_ranges
where tenant = $1 and draft_id = $2 and (text is not null or brief is not null)
order by from_at desc, from_place desc limit 1

-- lineage: a draft, what it was made from, and so on to the first; nearest first
with recursive chain(draft_id, based_on, far) as (
    select draft_id, based_on, 0 from {drafts} where tenant = $1 and draft_id = $2
    union
    select d.draft_id, d.based_on, c.far + 1 from chain c
    join {drafts} d on d.tenant = $1 and d.draft_id = c.based_on where c.far < 1000
)
select draft_id from chain order by far
