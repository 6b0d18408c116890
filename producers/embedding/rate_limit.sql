-- One statement takes $2 requests from the bucket $1; the row lock makes the line fair across all workers.
-- $3: burst; $4: requests back each second; $5: the longest wait in seconds.
-- Returns the seconds to wait, or no row (and takes nothing) when they are more than $5.
INSERT INTO muniment_limits.buckets AS bucket (name, tokens, refreshed_at)
SELECT $1::text, $3::float8 - $2::float8, clock_timestamp()
WHERE greatest(0, $2::float8 - $3::float8) / $4::float8 <= $5::float8
ON CONFLICT (name) DO UPDATE SET
    tokens = least($3::float8, bucket.tokens
        + $4::float8 * greatest(0, extract(epoch FROM clock_timestamp() - bucket.refreshed_at))) - $2::float8,
    refreshed_at = greatest(clock_timestamp(), bucket.refreshed_at)
WHERE greatest(0, $2::float8 - least($3::float8, bucket.tokens
        + $4::float8 * greatest(0, extract(epoch FROM clock_timestamp() - bucket.refreshed_at)))) / $4::float8 <= $5::float8
RETURNING greatest(0, -bucket.tokens) / $4::float8
