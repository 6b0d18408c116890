-- A claim keeps the time at which it was first made, since its command may lie on the log from then on; when it was
-- last made again, by a repeat of the request, stands beside it.
ALTER TABLE muniment_claims.claims ADD COLUMN renewed_at timestamptz NOT NULL DEFAULT now();
