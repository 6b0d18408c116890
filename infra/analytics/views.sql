-- header: the last header of a name, as text
create macro header(headers, wanted) as decode(list_filter(headers, lambda one: one.name = wanted)[-1].value)

-- raw_header: the same as it lies there, for headers that foreign programs may have set
create macro raw_header(headers, wanted) as list_filter(headers, lambda one: one.name = wanted)[-1].value

-- event: the files of an event, each fact once
select * replace (try_cast(_time as timestamp) as _time) from {source}
qualify row_number() over (partition by _event_id order by _offset) = 1

-- around: what lies around the values of some files
select _topic, _partition, _offset, _event_id, _causation_id, try_cast(_time as timestamp) as _time, _source, _headers,
    try(make_timestamp(_timestamp_ms * 1000)) as _arrived
from {source}

-- log: every record, each place once
select * from ({every}) qualify row_number() over (partition by _topic, _partition, _offset) = 1

-- facts: every event once, without the copies on topics that pass records on
select * from log where _topic not in ({passed_on})
qualify row_number() over (partition by _event_id order by _offset) = 1
