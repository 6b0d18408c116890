create table if not exists {schema}.projects (
    tenant text not null, project_id uuid not null, title text, description text, revision integer not null,
    archived boolean not null, documents integer not null, episodes integer not null, created_by text not null,
    created_at timestamptz not null, updated_at timestamptz not null, deleted_at timestamptz,
    from_at timestamptz not null, from_place text collate "C" not null, ordered_at timestamptz,
    primary key (tenant, project_id)
);
create index if not exists projects_by_age on {schema}.projects (tenant, created_at desc, project_id desc);
create table if not exists {schema}.orders (
    tenant text not null, project_id uuid not null, episode_order uuid[] not null, from_at timestamptz not null,
    from_place text collate "C" not null, primary key (tenant, project_id)
);
create table if not exists {schema}.episodes (
    tenant text not null, project_id uuid not null, episode_id uuid not null, title text not null, brief text not null,
    revision integer not null, archived boolean not null, script uuid, number integer not null, created_by text not null,
    created_at timestamptz not null, updated_at timestamptz not null, from_at timestamptz not null,
    from_place text collate "C" not null, primary key (tenant, project_id, episode_id)
);
create table if not exists {schema}.members (
    tenant text not null, project_id uuid not null, document_id uuid not null, added_at timestamptz not null,
    from_at timestamptz not null, from_place text collate "C" not null, primary key (tenant, project_id, document_id)
);
create index if not exists members_of_document on {schema}.members (tenant, document_id);

-- What the rows said before, each from its moment up to the one at which that ended.
create table if not exists {schema}.past_projects (
    like {schema}.projects, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, project_id, from_at, from_place)
);
create index if not exists past_projects_by_age on {schema}.past_projects (tenant, created_at desc, project_id desc);
create table if not exists {schema}.past_orders (
    like {schema}.orders, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, project_id, from_at, from_place)
);
create table if not exists {schema}.past_episodes (
    like {schema}.episodes, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, project_id, episode_id, from_at, from_place)
);
create table if not exists {schema}.past_members (
    like {schema}.members, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, project_id, document_id, from_at, from_place)
);
create index if not exists past_members_of_document on {schema}.past_members (tenant, document_id);

-- Everything that was said of a project, its episodes and drafts; without any text.
create table if not exists {schema}.happened (
    event_id uuid primary key, tenant text not null, project_id uuid not null, partition integer not null,
    "offset" bigint not null, event text not null, episode_id uuid, draft_id uuid, job_id uuid, revision integer,
    number integer, code text, actor text not null, at timestamptz not null
);
create index if not exists happened_to_project on {schema}.happened (tenant, project_id, "offset");
create index if not exists happened_by_place on {schema}.happened (partition, "offset");
-- What became of each command about a project, episode or draft.
create table if not exists {schema}.decisions (
    command_id uuid primary key, tenant text not null, project_id uuid not null, episode_id uuid, draft_id uuid,
    event text not null, code text not null, revision integer not null, at timestamptz not null
);
