-- Jobs that were cancelled: every worker looks here about once a second.
CREATE TABLE muniment_deciding.cancelled (
    job_id       uuid PRIMARY KEY,
    tenant       text NOT NULL,
    document_id  uuid NOT NULL,
    version      bigint NOT NULL,
    cancelled_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX cancelled_lately ON muniment_deciding.cancelled (cancelled_at);
CREATE INDEX cancelled_of_document ON muniment_deciding.cancelled (tenant, document_id);

-- How a job's version is to end, said by whoever comes first: 'indexed' before that is announced on the log, 'cancelled'
-- with its decision. So the log never holds both.
ALTER TABLE muniment_deciding.inbox ADD COLUMN ending text CHECK (ending IN ('indexed', 'cancelled'));

-- Jobs that may claim nothing any more: what a step of theirs still stores is not kept.
CREATE TABLE muniment_claims.closed (
    job_id    uuid PRIMARY KEY,
    closed_at timestamptz NOT NULL DEFAULT now()
);
