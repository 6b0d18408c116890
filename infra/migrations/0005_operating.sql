-- The deciders of operations: the same inbox and outbox as for documents, and what became of each dead letter.
CREATE SCHEMA muniment_operating;

CREATE TABLE muniment_operating.inbox (
    command_id uuid PRIMARY KEY,
    decided_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE muniment_operating.outbox (
    command_id uuid NOT NULL,
    position   integer NOT NULL,
    topic      text NOT NULL,
    key        bytea,
    value      bytea,
    headers    jsonb NOT NULL,
    PRIMARY KEY (command_id, position)
);

-- The same for what no command says: that a letter went out, how a redrive ended, what expired. In this order.
CREATE TABLE muniment_operating.announcements (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    topic    text NOT NULL,
    key      bytea,
    value    bytea,
    headers  jsonb NOT NULL
);

-- `canaries` letters, those with the lowest numbers, go first. `state`: running, or how it ended.
CREATE TABLE muniment_operating.redrives (
    redrive_id  uuid PRIMARY KEY,
    tenant      text NOT NULL,
    actor       text NOT NULL,
    traceparent text NOT NULL,
    rate        double precision NOT NULL,
    canaries    integer NOT NULL,
    letters     integer NOT NULL,
    state       text NOT NULL,
    reason      text NOT NULL,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE INDEX redrives_running ON muniment_operating.redrives (started_at) WHERE state = 'running';

-- Only letters that something was done with have a row. `state`: waiting, claimed (on a redrive's list), sending (its
-- record may or may not be on the redelivery topic), redriven, discarded, quarantined.
CREATE TABLE muniment_operating.letters (
    letter      text PRIMARY KEY,
    tenant      text NOT NULL,
    step        text NOT NULL,
    fingerprint text NOT NULL,
    document_id uuid,
    job_id      uuid,
    state       text NOT NULL,
    -- How often its record had been redriven when it became this letter; how often of these it failed in the same way.
    times       integer NOT NULL DEFAULT 0,
    same        integer NOT NULL DEFAULT 0,
    redrive_id  uuid REFERENCES muniment_operating.redrives,
    number      integer,
    sending_at  timestamptz,
    sent_at     timestamptz,
    ended_as    text,
    -- What is to be sent in place of the record's value, sealed as that is, and the data key that it needs.
    edited      bytea,
    edited_key  uuid
);
CREATE INDEX letters_of_redrive ON muniment_operating.letters (redrive_id, number);
CREATE INDEX letters_sending ON muniment_operating.letters (sending_at) WHERE state = 'sending';
