-- get: one document
select * from {documents} x where tenant = $1 and document_id = $2

-- get_with_latest: one document, and what its answer says of its newest version
select x.*, v.job_id as latest_job_id, v.code as latest_code, v.reason as latest_reason, v.chunks as latest_chunks
from {documents} x left join {versions} v
on v.tenant = x.tenant and v.document_id = x.document_id and v.version = x.latest_version
where x.tenant = $1 and x.document_id = $2

-- list: a page of documents, newest first
select * from {documents} d where tenant = $1
    and ($2::timestamptz is null or (created_at, document_id) < ($2::timestamptz, $3::uuid)) {filter}
order by created_at desc, document_id desc limit $4

-- versions: all versions of a document, newest first
select * from {versions} x where tenant = $1 and document_id = $2 order by version desc

-- version: one version of a document
select * from {versions} x where tenant = $1 and document_id = $2 and version = $3

-- there: which of these are documents that are not deleted
select document_id from read.documents where tenant = $1 and document_id = any($2) and status <> 'deleted'
