-- Statistics: sums of records by minute, hour and day.

-- `level` is how many seconds a row is about, `at` its first second since 1970, and `part` differs between processes, so that no row is
-- updated by all of them; what happened is the sum of the parts. Of a generation that no endpoint answered, the last one asked is told.

CREATE TABLE endpoint_sums (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
  model TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  provider TEXT NOT NULL,
  part INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  cache_discount_nano INTEGER NOT NULL,
  upstream_cost_nano INTEGER NOT NULL,
  ended_stop INTEGER NOT NULL,
  ended_length INTEGER NOT NULL,
  ended_tools INTEGER NOT NULL,
  ended_filter INTEGER NOT NULL,
  streamed INTEGER NOT NULL,
  tool_calls INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (level, at, test, model, endpoint, provider, part)
) STRICT, WITHOUT ROWID;

-- Histograms of the milliseconds until the first token and of tokens a second: see records/histogram.py.
CREATE TABLE endpoint_speeds (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
  model TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  provider TEXT NOT NULL,
  part INTEGER NOT NULL,
  latency BLOB NOT NULL,
  throughput BLOB NOT NULL,
  PRIMARY KEY (level, at, test, model, endpoint, provider, part)
) STRICT, WITHOUT ROWID;

-- What went wrong: `what` is 'request' for what a caller was told, 'attempt' for what an endpoint did.
CREATE TABLE endpoint_failures (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
  model TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  what TEXT NOT NULL,
  error_type TEXT NOT NULL,
  provider TEXT NOT NULL,
  part INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  PRIMARY KEY (level, at, test, model, endpoint, what, error_type, provider, part)
) STRICT, WITHOUT ROWID;

-- `app` is the address an application told of itself, `tier` the service tier; empty when there was none.
CREATE TABLE workspace_sums (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  workspace TEXT NOT NULL,
  test INTEGER NOT NULL,
  model TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  app TEXT NOT NULL,
  tier TEXT NOT NULL,
  provider TEXT NOT NULL,
  part INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  cache_discount_nano INTEGER NOT NULL,
  upstream_cost_nano INTEGER NOT NULL,
  PRIMARY KEY (level, at, workspace, test, model, endpoint, app, tier, provider, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_sums (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  workspace TEXT NOT NULL,
  test INTEGER NOT NULL,
  key_hash TEXT NOT NULL,
  model TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  app TEXT NOT NULL,
  tier TEXT NOT NULL,
  provider TEXT NOT NULL,
  part INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  cache_discount_nano INTEGER NOT NULL,
  upstream_cost_nano INTEGER NOT NULL,
  PRIMARY KEY (level, at, workspace, test, key_hash, model, endpoint, app, tier, provider, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE app_sums (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
  app TEXT NOT NULL,
  model TEXT NOT NULL,
  part INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  cache_discount_nano INTEGER NOT NULL,
  upstream_cost_nano INTEGER NOT NULL,
  PRIMARY KEY (level, at, test, app, model, part)
) STRICT, WITHOUT ROWID;

-- Applications by their address. `title` is what they last called themselves.
CREATE TABLE apps (
  url TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  first_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Records whose sums are still to be added, by their ids: written in the same transaction as the records, deleted in the same
-- transaction as their sums are added. `process` is who adds them; what it left after a minute, any other adds.
CREATE TABLE statistics_queue (
  process TEXT NOT NULL,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  ids TEXT NOT NULL,
  PRIMARY KEY (process, number)
) STRICT, WITHOUT ROWID;
