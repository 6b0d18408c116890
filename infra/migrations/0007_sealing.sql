-- What was sealed of each partition of the log, and what the proofs are made of. All of it follows from the log, as long
-- as the log is whole: where audited topics have a retention, back this schema up.
CREATE SCHEMA muniment_sealing;

-- One row a partition. `size` leaves are in its tree: every offset below `next_offset`. Leaves below `checked_index`
-- have been compared with the log again in the present pass. `halted` says why nothing more is sealed.
CREATE TABLE muniment_sealing.logs (
    log_id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic         text NOT NULL,
    partition     integer NOT NULL,
    size          bigint NOT NULL DEFAULT 0,
    next_offset   bigint NOT NULL DEFAULT 0,
    checked_index bigint NOT NULL DEFAULT 0,
    checked_at    timestamptz NOT NULL DEFAULT now(),
    passes        bigint NOT NULL DEFAULT 0,
    halted        text,
    UNIQUE (topic, partition)
);

-- The tree, in tiles of up to 256 hashes of 32 bytes (see schemas/proofs/tiles.py). Hashes do not compress.
CREATE TABLE muniment_sealing.tiles (
    log_id integer NOT NULL REFERENCES muniment_sealing.logs,
    level  smallint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
    PRIMARY KEY (log_id, level, number)
);
ALTER TABLE muniment_sealing.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Leaves that stand for offsets without a record. Between two of them, leaf and offset count up side by side: the last
-- gap at or below an offset tells which leaf it is.
CREATE TABLE muniment_sealing.gaps (
    log_id       integer NOT NULL REFERENCES muniment_sealing.logs,
    leaf_index   bigint NOT NULL,
    first_offset bigint NOT NULL,
    next_offset  bigint NOT NULL CHECK (next_offset > first_offset),
    reason       text NOT NULL,
    PRIMARY KEY (log_id, leaf_index)
);
CREATE UNIQUE INDEX gaps_by_offset ON muniment_sealing.gaps (log_id, first_offset);

-- Every signed statement, kept before anybody is told. The primary key is what keeps two different trees of one size
-- from ever being signed. `position` is where the event that tells of it lies; `outside_at` when it was put elsewhere.
CREATE TABLE muniment_sealing.checkpoints (
    log_id      integer NOT NULL REFERENCES muniment_sealing.logs,
    size        bigint NOT NULL,
    root        bytea NOT NULL CHECK (octet_length(root) = 32),
    next_offset bigint NOT NULL,
    signed_at   timestamptz NOT NULL,
    key_id      text NOT NULL,
    note        text NOT NULL,
    position    text,
    outside_at  timestamptz,
    PRIMARY KEY (log_id, size)
);
CREATE INDEX checkpoints_unpublished ON muniment_sealing.checkpoints (log_id, size) WHERE position IS NULL;

-- How far the topic of checkpoints was read back, so that what was signed before is known after a loss of these tables.
CREATE TABLE muniment_sealing.adopted (
    partition   integer PRIMARY KEY,
    next_offset bigint NOT NULL
);

-- What is not as it was sealed. A row stays: somebody has to look into it.
CREATE TABLE muniment_sealing.findings (
    log_id       integer NOT NULL REFERENCES muniment_sealing.logs,
    kind         text NOT NULL,
    first_offset bigint NOT NULL,
    next_offset  bigint NOT NULL,
    detail       text NOT NULL,
    found_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (log_id, kind, first_offset)
);
