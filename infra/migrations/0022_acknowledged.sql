-- Somebody has looked into a finding, and says what it was: it is shown for good, and alerts no more.
ALTER TABLE muniment_sealing.findings
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text,
    ADD COLUMN reason          text,
    ADD CONSTRAINT findings_acknowledged_whole CHECK (
        num_nonnulls(acknowledged_at, acknowledged_by, reason) IN (0, 3));
