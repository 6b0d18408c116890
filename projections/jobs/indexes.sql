-- What only readers need: a rebuild makes these after the load.
create index if not exists jobs_by_age on {schema}.jobs (tenant, created_at desc, job_id desc);
create index if not exists jobs_open on {schema}.jobs (tenant, created_at, job_id) where "end" is null;
create index if not exists jobs_queued on {schema}.jobs (tenant, created_at, job_id) where state = 'queued' and kind is not null;
create index if not exists past_jobs_by_age on {schema}.past_jobs (tenant, created_at desc, job_id desc);
create index if not exists past_jobs_queued on {schema}.past_jobs (tenant, to_at) where state = 'queued';
-- For figures of what ended when: with 100,000 jobs the last hour took 81 ms without it, and takes 0.2 ms with it.
create index if not exists jobs_ended on {schema}.jobs (tenant, finished_at) where "end" is not null;
