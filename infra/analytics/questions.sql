-- cost_per_project_and_day: what embedding and language models cost, in millionths of the currency of the prices; a
-- document's embedding counts in equal parts for all projects that it was ever put into, for no project if there is none
with belongs as (
    select distinct _tenant, project_id, unnest(added) as document_id from ProjectDocumentsChanged
),
shares as (
    select _tenant, project_id, document_id, 1.0 / count(*) over (partition by _tenant, document_id) as share
    from belongs
),
spent as (
    select _tenant, project_id, _time, coalesce(share, 1) * cost_micros as embedding, 0 as writing,
        coalesce(share, 1) * tokens as tokens
    from (
        select _tenant, document_id, _time, cost_micros, tokens from ChunksEmbedded
        union all
        -- What a migration to another model costs, on the day that it is paid.
        select _tenant, document_id, _time, cost_micros, tokens from ChunksReembedded
    ) left join shares using (_tenant, document_id)
    union all
    -- Each call that was paid for is in one of these two: it became a draft, or it did not.
    select _tenant, project_id, _time, 0, cost_micros, tokens_in + tokens_out from DraftWritten
    union all
    select _tenant, project_id, _time, 0, cost_micros, tokens_in + tokens_out from DraftCharged
)
select _tenant as tenant, project_id as project, cast(_time as date) as day,
    round(sum(embedding), 2) as embedding_micros, round(sum(writing), 2) as writing_micros,
    round(sum(embedding + writing), 2) as cost_micros, round(sum(tokens), 2) as tokens
from spent group by _tenant, project_id, cast(_time as date) order by tenant, project nulls last, day

-- slowest_step: from what caused an event to the event itself, waiting included, by the step that said it
select f.step, count(*) as times, round(median(f.took_s), 3) as median_s, round(max(f.took_s), 3) as worst_s
from (
    select replace(effect._source, 'muniment.', '') as step, epoch_ms(effect._time - cause._time) / 1000.0 as took_s
    from facts effect join facts cause on effect._causation_id = cause._event_id and effect._event_id <> cause._event_id
    where effect._topic not in ('muniment.operations', 'muniment.erasures', 'muniment.jobs')
) f
group by f.step order by worst_s desc, f.step

-- retry_causes: why records waited, by step
select header(_headers, 'retry_step') as step, coalesce(nullif(header(_headers, 'retry_limit'), ''), header(_headers, 'retry_code')) as cause,
    count(*) as waits, count(distinct _event_id) as records
from log where _topic like 'muniment.retry.%' group by all order by waits desc, step, cause

-- dead_letters_by_fingerprint: what no retry could help, alike ones together; of the topic itself, for the events tell of
-- dead letters of documents only
select fingerprint, step, code, count(distinct identity) as letters, min(_arrived) as first_seen
from (
    select coalesce(nullif(header(_headers, 'retry_fingerprint'), ''), step || '.' || code) as fingerprint, step, code,
        _arrived,
        -- A step that was killed may have sent the same letter twice; after a redrive, or of another model, it is another.
        row(
            coalesce(header(_headers, 'retry_origin'), _partition || ':' || _offset), _event_id,
            raw_header(_headers, 'step_branch'), raw_header(_headers, 'redrive_id'), raw_header(_headers, 'redrive_times')
        ) as identity
    from (
        select *, coalesce(header(_headers, 'retry_step'), 'unknown') as step,
            coalesce(nullif(header(_headers, 'retry_limit'), ''), header(_headers, 'retry_code'), 'unknown') as code
        from log where _topic = 'muniment.dlq'
    )
)
group by fingerprint, step, code order by letters desc, fingerprint, step, code

-- documents_by_type: documents that are there, by the type of their newest text
select media_type, count(*) as documents
from (
    select _tenant, document_id, arg_max(media_type, version) as media_type
    from DocumentExtracted as text
    where not exists (
        select 1
        from (
            select _tenant, document_id, version from DocumentDeleted
            union all
            select _tenant, document_id, version from DocumentErased
        ) as gone
        where gone._tenant = text._tenant and gone.document_id = text.document_id and gone.version >= text.version
    )
    group by _tenant, document_id
)
group by media_type order by documents desc, media_type
