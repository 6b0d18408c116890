-- decided: that a command was decided; nothing when that is known
insert into {s}.decisions values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning command_id

-- happened: something was said; nothing when that is known
insert into {s}.happened values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing

-- projects: these projects
select p.* from {s}.projects p join unnest($1::text[], $2::uuid[]) as given(t, i) on p.tenant = t and p.project_id = i

-- orders: the orders of their episodes
select o.* from {s}.orders o join unnest($1::text[], $2::uuid[]) as given(t, i) on o.tenant = t and o.project_id = i

-- episodes: of these projects the episodes that are named, and all of those that go
select e.* from {s}.episodes e join unnest($1::text[], $2::uuid[]) as given(t, i) on e.tenant = t and e.project_id = i
where e.episode_id = any($3) or e.project_id = any($4)

-- members: of these projects the documents that are named, and all of those that go
select m.* from {s}.members m join unnest($1::text[], $2::uuid[]) as given(t, i) on m.tenant = t and m.project_id = i
where m.document_id = any($3) or m.project_id = any($4)
