-- What the decider of operations remembers of embedding models; a name stays for good, so that none is used twice.
CREATE TABLE muniment_operating.embedding_models (
    model text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('kept', 'paused', 'dropped'))
);

-- Which one search reads; no row while it was never switched.
CREATE TABLE muniment_operating.live_model (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    model text NOT NULL
);
