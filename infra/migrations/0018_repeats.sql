-- Where each command lay that was decided. A repeat of it (the same id, sent again because nobody had confirmed it) is
-- not decided again: who waits for the place of the repeat waits for that of the command instead.
ALTER TABLE muniment_deciding.inbox ADD COLUMN place text;
ALTER TABLE muniment_projects.inbox ADD COLUMN place text;
ALTER TABLE muniment_operating.inbox ADD COLUMN place text;
ALTER TABLE muniment_erasing.inbox ADD COLUMN place text;

CREATE TABLE muniment_deciding.repeats (
    place   text PRIMARY KEY,
    decided text NOT NULL
);
