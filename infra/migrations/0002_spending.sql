-- What each tenant has spent on embeddings on each day (UTC): what a budget is held against.
CREATE TABLE muniment_limits.spending (
    tenant      text NOT NULL,
    day         date NOT NULL,
    tokens      bigint NOT NULL,
    cost_micros bigint NOT NULL,
    calls       bigint NOT NULL,
    PRIMARY KEY (tenant, day)
);
