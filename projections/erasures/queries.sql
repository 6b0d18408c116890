-- get: one erasure
select * from read.erasures where tenant = $1 and erasure_id = $2

-- list: the newest erasures
select * from read.erasures where tenant = $1 order by requested_at desc, erasure_id desc limit $2

-- stores: what each store has said, in its order
select store, removed, kept, note, at from read.erasure_stores where erasure_id = $1 order by number

-- refusals: commands about it that were decided against
select command, code, reason, actor, at from read.erasure_refusals where tenant = $1 and erasure_id = $2 order by at
