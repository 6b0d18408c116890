-- Which version of a document is foretold from (0: none), up to which it is gone, and which were cancelled beyond.
create table if not exists {schema}.heads (
    tenant text not null, document_id uuid not null, active bigint not null default 0,
    gone_up_to bigint not null default 0, cancelled bigint[] not null default '{}', indexed_at timestamptz,
    primary key (tenant, document_id)
);

-- What can be foretold: titles ('t'), file names ('f') and headings ('h') of the active version, and of those to come.
create table if not exists {schema}.phrases (
    tenant text not null, document_id uuid not null, version bigint not null, kind "char" not null,
    folded text collate "C" not null, phrase text not null, words tsvector not null,
    primary key (tenant, document_id, version, kind, folded)
);
create index if not exists phrases_beginning on {schema}.phrases (tenant, folded);
