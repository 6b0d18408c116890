-- When a sweep last said that a step takes records; and the times in which nobody said so, because the step was halted
-- or nothing ran. They count against no record that waits.
CREATE TABLE muniment_parking.running (
    step     text PRIMARY KEY,
    noted_at timestamptz NOT NULL
);

CREATE TABLE muniment_parking.pauses (
    step  text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (step, since)
);
