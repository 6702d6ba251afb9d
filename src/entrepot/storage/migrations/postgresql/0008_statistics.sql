-- Statistics: sums of records by minute, hour and day.

-- `level` is how many seconds a row is about, `at` its first second since 1970, and `part` differs between processes, so that no row is
-- updated by all of them; what happened is the sum of the parts. Of a generation that no endpoint answered, the last one asked is told.

CREATE TABLE endpoint_sums (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  endpoint TEXT COLLATE "C" NOT NULL,
  provider TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  requests BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  cancelled BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  cache_discount_nano BIGINT NOT NULL,
  upstream_cost_nano BIGINT NOT NULL,
  ended_stop BIGINT NOT NULL,
  ended_length BIGINT NOT NULL,
  ended_tools BIGINT NOT NULL,
  ended_filter BIGINT NOT NULL,
  streamed BIGINT NOT NULL,
  tool_calls BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  PRIMARY KEY (level, at, test, model, endpoint, provider, part)
) WITH (fillfactor = 70);

-- Histograms of the milliseconds until the first token and of tokens a second: see records/histogram.py.
CREATE TABLE endpoint_speeds (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  endpoint TEXT COLLATE "C" NOT NULL,
  provider TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  latency BYTEA NOT NULL,
  throughput BYTEA NOT NULL,
  PRIMARY KEY (level, at, test, model, endpoint, provider, part)
) WITH (fillfactor = 70);

-- What went wrong: `what` is 'request' for what a caller was told, 'attempt' for what an endpoint did.
CREATE TABLE endpoint_failures (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  endpoint TEXT COLLATE "C" NOT NULL,
  what TEXT COLLATE "C" NOT NULL,
  error_type TEXT COLLATE "C" NOT NULL,
  provider TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  failures BIGINT NOT NULL,
  PRIMARY KEY (level, at, test, model, endpoint, what, error_type, provider, part)
) WITH (fillfactor = 70);

-- `app` is the address an application told of itself, `tier` the service tier; empty when there was none.
CREATE TABLE workspace_sums (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  test INTEGER NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  endpoint TEXT COLLATE "C" NOT NULL,
  app TEXT COLLATE "C" NOT NULL,
  tier TEXT COLLATE "C" NOT NULL,
  provider TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  requests BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  cancelled BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  cache_discount_nano BIGINT NOT NULL,
  upstream_cost_nano BIGINT NOT NULL,
  PRIMARY KEY (level, at, workspace, test, model, endpoint, app, tier, provider, part)
) WITH (fillfactor = 70);

CREATE TABLE key_sums (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  test INTEGER NOT NULL,
  key_hash TEXT COLLATE "C" NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  endpoint TEXT COLLATE "C" NOT NULL,
  app TEXT COLLATE "C" NOT NULL,
  tier TEXT COLLATE "C" NOT NULL,
  provider TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  requests BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  cancelled BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  cache_discount_nano BIGINT NOT NULL,
  upstream_cost_nano BIGINT NOT NULL,
  PRIMARY KEY (level, at, workspace, test, key_hash, model, endpoint, app, tier, provider, part)
) WITH (fillfactor = 70);

CREATE TABLE app_sums (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
  app TEXT COLLATE "C" NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  requests BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  cancelled BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  cache_discount_nano BIGINT NOT NULL,
  upstream_cost_nano BIGINT NOT NULL,
  PRIMARY KEY (level, at, test, app, model, part)
) WITH (fillfactor = 70);

-- Applications by their address. `title` is what they last called themselves.
CREATE TABLE apps (
  url TEXT COLLATE "C" PRIMARY KEY,
  title TEXT NOT NULL,
  first_ms BIGINT NOT NULL
);

-- Records whose sums are still to be added, by their ids: written in the same transaction as the records, deleted in the same
-- transaction as their sums are added. `process` is who adds them; what it left after a minute, any other adds.
CREATE TABLE statistics_queue (
  process TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  ids TEXT NOT NULL,
  PRIMARY KEY (process, number)
);

-- Generations lie in a partition for each UTC day. Ids sort by time, so that a day is a range of them.

-- The first id that a time (milliseconds since 1970) may have: Crockford's base 32, ten letters for the time.
CREATE FUNCTION entrepot_first_id(ms BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
  SELECT 'gen-' || string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', ((ms >> (5 * place)) & 31)::int + 1, 1), '' ORDER BY place DESC)
    || repeat('0', 16)
  FROM generate_series(0, 9) AS place
$$;

-- Makes the partition of a day (days since 1970), with what lies of it elsewhere. Says whether it was missing.
CREATE FUNCTION entrepot_partition(day INTEGER) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
  name TEXT := 'generations_' || to_char(date '1970-01-01' + day, 'YYYYMMDD');
  first TEXT := entrepot_first_id(day * 86400000::bigint);
  after TEXT := entrepot_first_id((day + 1) * 86400000::bigint);
BEGIN
  IF to_regclass(quote_ident(name)) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE generations INCLUDING ALL)', name);
  EXECUTE format(
    'WITH moved AS (DELETE FROM generations_other WHERE id >= %L AND id < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
    first, after, name);
  EXECUTE format('ALTER TABLE generations ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, after);
  RETURN true;
END $$;

ALTER TABLE generations RENAME TO generations_before;
ALTER TABLE generations_before RENAME CONSTRAINT generations_pkey TO generations_before_pkey;

CREATE TABLE generations (
  id TEXT COLLATE "C" PRIMARY KEY,
  created_ms BIGINT NOT NULL,
  key_hash TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  test INTEGER NOT NULL,
  status INTEGER NOT NULL,
  cost_nano BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  detail BYTEA NOT NULL
) PARTITION BY RANGE (id);

-- For ids of days whose partition was not made ahead.
CREATE TABLE generations_other PARTITION OF generations DEFAULT;

INSERT INTO generations SELECT * FROM generations_before;

SELECT entrepot_partition(day) FROM (SELECT DISTINCT (created_ms / 86400000)::int AS day FROM generations_before) AS days;

DROP TABLE generations_before;
