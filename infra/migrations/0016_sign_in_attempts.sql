-- How often signing in to the console was tried from a network (an address without its last part) in a minute. Unlogged:
-- after a crash of the database it is empty, which costs nobody anything.
CREATE UNLOGGED TABLE muniment_access.sign_in_attempts (
    minute   timestamptz NOT NULL,
    network  text NOT NULL,
    attempts integer NOT NULL,
    PRIMARY KEY (minute, network)
);
