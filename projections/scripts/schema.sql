create table {schema}.drafts (
    tenant text not null,
    draft_id uuid not null,
    project_id uuid not null,
    episode_id uuid not null,
    job_id uuid,
    kind text not null,
    state text not null,
    origin uuid not null,
    based_on uuid,
    brief text,
    text text,
    reason text,
    code text,
    letter text,
    language text,
    template text,
    template_version integer,
    provider text,
    model text,
    max_tokens integer,
    temperature double precision,
    seed bigint,
    document_ids uuid[] not null,
    memory_tokens integer,
    prompt_tokens integer,
    window_tokens integer,
    tokens_in integer,
    tokens_out integer,
    cost_micros bigint,
    first_token_ms integer,
    written_ms integer,
    finish_reason text,
    checked boolean not null,
    requested_by text not null,
    requested_at timestamptz,
    prompted_at timestamptz,
    ended_at timestamptz,
    erased_at timestamptz,
    requested_place text,
    prompted_place text,
    written_place text,
    from_at timestamptz not null,
    from_place text collate "C" not null,
    primary key (tenant, draft_id)
);
create index on {schema}.drafts (tenant, episode_id, requested_at desc, draft_id);
create index on {schema}.drafts (tenant, project_id);
create table {schema}.passages (
    tenant text not null,
    draft_id uuid not null,
    number integer not null,
    document_id uuid not null,
    version integer not null,
    ordinal integer not null,
    page integer,
    start_char integer not null,
    end_char integer not null,
    tokens integer not null,
    score double precision not null,
    vector_rank integer,
    words_rank integer,
    from_at timestamptz not null,
    from_place text collate "C" not null,
    primary key (tenant, draft_id, number)
);
create table {schema}.citations (
    tenant text not null,
    draft_id uuid not null,
    place integer not null,
    number integer not null,
    document_id uuid,
    version integer not null,
    ordinal integer not null,
    page integer,
    start_char integer not null,
    end_char integer not null,
    said_from integer not null,
    said_to integer not null,
    holds boolean not null,
    from_at timestamptz not null,
    from_place text collate "C" not null,
    primary key (tenant, draft_id, place)
);
create table {schema}.sources (
    tenant text not null,
    draft_id uuid not null,
    document_id uuid not null,
    version integer not null,
    inherited boolean not null,
    passages integer not null,
    cited integer not null,
    holding integer not null,
    from_at timestamptz not null,
    from_place text collate "C" not null,
    primary key (tenant, draft_id, document_id, version)
);
create index on {schema}.sources (tenant, document_id);
-- Calls of a model that were paid for and whose answer is not the draft.
create table {schema}.charges (
    tenant text not null,
    draft_id uuid not null,
    attempt integer not null,
    provider text not null,
    model text not null,
    code text not null,
    tokens_in integer not null,
    tokens_out integer not null,
    cost_micros bigint not null,
    estimated boolean not null,
    charged_at timestamptz not null,
    place text not null,
    from_at timestamptz not null,
    from_place text collate "C" not null,
    primary key (tenant, draft_id, attempt)
);
create table {schema}.commits (
    tenant text not null,
    project_id uuid not null,
    episode_id uuid not null,
    number integer not null,
    draft_id uuid not null,
    revision integer not null,
    committed_by text not null,
    committed_at timestamptz not null,
    place text not null,
    from_at timestamptz not null,
    from_place text collate "C" not null,
    primary key (tenant, episode_id, number)
);
create index on {schema}.commits (tenant, draft_id);
-- How far the records of each project are folded.
create table {schema}.heads (
    tenant text not null,
    project_id uuid not null,
    partition integer not null,
    reached bigint not null,
    ordered_at timestamptz not null,
    primary key (tenant, project_id)
);

-- What the rows said before, each from its moment up to the one at which that ended.
create table {schema}.past_drafts (
    like {schema}.drafts, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, draft_id, from_at, from_place)
);
create index on {schema}.past_drafts (tenant, episode_id, requested_at desc, draft_id);
create table {schema}.past_passages (
    like {schema}.passages, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, draft_id, number, from_at, from_place)
);
create table {schema}.past_citations (
    like {schema}.citations, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, draft_id, place, from_at, from_place)
);
create table {schema}.past_sources (
    like {schema}.sources, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, draft_id, document_id, version, from_at, from_place)
);
create index on {schema}.past_sources (tenant, document_id);
create table {schema}.past_charges (
    like {schema}.charges, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, draft_id, attempt, from_at, from_place)
);
create table {schema}.past_commits (
    like {schema}.commits, to_at timestamptz not null, to_place text collate "C" not null,
    primary key (tenant, episode_id, number, from_at, from_place)
);
create index on {schema}.past_commits (tenant, draft_id);
