-- The sums that pages read, by less: all endpoints of a model together day by day, all models of a provider by hour and day.
CREATE TABLE model_totals (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
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
  PRIMARY KEY (level, at, test, model, part)
) WITH (fillfactor = 70);

INSERT INTO model_totals (level, at, test, model, part, requests, errors, cancelled, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, cost_nano, cache_discount_nano, upstream_cost_nano)
SELECT level, at, test, model, part, sum(requests), sum(errors), sum(cancelled), sum(prompt_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens), sum(cost_nano), sum(cache_discount_nano), sum(upstream_cost_nano)
FROM endpoint_sums WHERE level = 86400 GROUP BY level, at, test, model, part;

CREATE TABLE provider_totals (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
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
  attempts BIGINT NOT NULL,
  PRIMARY KEY (level, at, test, provider, part)
) WITH (fillfactor = 70);

INSERT INTO provider_totals (level, at, test, provider, part, requests, errors, cancelled, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, cost_nano, cache_discount_nano, upstream_cost_nano, attempts)
SELECT level, at, test, provider, part, sum(requests), sum(errors), sum(cancelled), sum(prompt_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens), sum(cost_nano), sum(cache_discount_nano), sum(upstream_cost_nano), sum(attempts)
FROM endpoint_sums WHERE level IN (3600, 86400) GROUP BY level, at, test, provider, part;

CREATE TABLE provider_failures (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
  provider TEXT COLLATE "C" NOT NULL,
  what TEXT COLLATE "C" NOT NULL,
  error_type TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  failures BIGINT NOT NULL,
  PRIMARY KEY (level, at, test, provider, what, error_type, part)
) WITH (fillfactor = 70);

INSERT INTO provider_failures (level, at, test, provider, what, error_type, part, failures)
SELECT level, at, test, provider, what, error_type, part, sum(failures)
FROM endpoint_failures WHERE level IN (3600, 86400) GROUP BY level, at, test, provider, what, error_type, part;

-- The applications of a model, a span of days beside one another. An index of app_sums found each of them at a place of its own.
CREATE TABLE model_apps (
  level INTEGER NOT NULL,
  test INTEGER NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  app TEXT COLLATE "C" NOT NULL,
  part INTEGER NOT NULL,
  requests BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  PRIMARY KEY (level, test, model, at, app, part)
) WITH (fillfactor = 70);

INSERT INTO model_apps (level, test, model, at, app, part, requests, prompt_tokens, completion_tokens)
SELECT level, test, model, at, app, part, requests, prompt_tokens, completion_tokens FROM app_sums
ORDER BY level, test, model, at, app, part;

DROP INDEX app_sums_by_model;
