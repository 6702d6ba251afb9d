-- The sums that pages read, by less: all endpoints of a model together day by day, all models of a provider by hour and day.
CREATE TABLE model_totals (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
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
  PRIMARY KEY (level, at, test, model, part)
) STRICT, WITHOUT ROWID;

INSERT INTO model_totals (level, at, test, model, part, requests, errors, cancelled, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, cost_nano, cache_discount_nano, upstream_cost_nano)
SELECT level, at, test, model, part, sum(requests), sum(errors), sum(cancelled), sum(prompt_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens), sum(cost_nano), sum(cache_discount_nano), sum(upstream_cost_nano)
FROM endpoint_sums WHERE level = 86400 GROUP BY level, at, test, model, part;

CREATE TABLE provider_totals (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
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
  attempts INTEGER NOT NULL,
  PRIMARY KEY (level, at, test, provider, part)
) STRICT, WITHOUT ROWID;

INSERT INTO provider_totals (level, at, test, provider, part, requests, errors, cancelled, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, cost_nano, cache_discount_nano, upstream_cost_nano, attempts)
SELECT level, at, test, provider, part, sum(requests), sum(errors), sum(cancelled), sum(prompt_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens), sum(cost_nano), sum(cache_discount_nano), sum(upstream_cost_nano), sum(attempts)
FROM endpoint_sums WHERE level IN (3600, 86400) GROUP BY level, at, test, provider, part;

CREATE TABLE provider_failures (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
  provider TEXT NOT NULL,
  what TEXT NOT NULL,
  error_type TEXT NOT NULL,
  part INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  PRIMARY KEY (level, at, test, provider, what, error_type, part)
) STRICT, WITHOUT ROWID;

INSERT INTO provider_failures (level, at, test, provider, what, error_type, part, failures)
SELECT level, at, test, provider, what, error_type, part, sum(failures)
FROM endpoint_failures WHERE level IN (3600, 86400) GROUP BY level, at, test, provider, what, error_type, part;

-- The applications of a model, a span of days beside one another. An index of app_sums found each of them at a place of its own.
CREATE TABLE model_apps (
  level INTEGER NOT NULL,
  test INTEGER NOT NULL,
  model TEXT NOT NULL,
  at INTEGER NOT NULL,
  app TEXT NOT NULL,
  part INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  PRIMARY KEY (level, test, model, at, app, part)
) STRICT, WITHOUT ROWID;

INSERT INTO model_apps (level, test, model, at, app, part, requests, prompt_tokens, completion_tokens)
SELECT level, test, model, at, app, part, requests, prompt_tokens, completion_tokens FROM app_sums
ORDER BY level, test, model, at, app, part;

DROP INDEX app_sums_by_model;
