-- list: a page of the trail, newest first
select * from read.audit where tenant = any($1)
    and ($2::timestamptz is null or (at, event_id) < ($2::timestamptz, $3::text::uuid)) {filter}
order by at desc, event_id desc limit $4
