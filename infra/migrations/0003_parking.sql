-- While a record of a document waits for its retry at a step, later ones of the document wait here behind it.
CREATE SCHEMA muniment_parking;

CREATE TABLE muniment_parking.heads (
    step      text NOT NULL,
    tenant    text NOT NULL,
    key       bytea NOT NULL,
    head      text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (step, tenant, key)
);

CREATE TABLE muniment_parking.records (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    step       text NOT NULL,
    tenant     text NOT NULL,
    key        bytea NOT NULL,
    origin     text NOT NULL,
    topic      text NOT NULL,
    value      bytea NOT NULL,
    headers    jsonb NOT NULL,
    UNIQUE (step, origin)
);
CREATE INDEX records_of_key ON muniment_parking.records (step, tenant, key, number);
