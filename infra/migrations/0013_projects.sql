-- The deciders of projects and scripts: the same inbox, state and outbox as for documents. Ids and numbers, no text.
CREATE SCHEMA muniment_projects;

CREATE TABLE muniment_projects.inbox (
    command_id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE muniment_projects.state (
    tenant     text NOT NULL,
    project_id uuid NOT NULL,
    state      jsonb NOT NULL,
    version    bigint NOT NULL,
    PRIMARY KEY (tenant, project_id)
);

CREATE TABLE muniment_projects.outbox (
    command_id uuid NOT NULL,
    position   integer NOT NULL,
    topic      text NOT NULL,
    key        bytea,
    value      bytea,
    headers    jsonb NOT NULL,
    PRIMARY KEY (command_id, position)
);
