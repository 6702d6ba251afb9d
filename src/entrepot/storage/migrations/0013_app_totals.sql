-- All models of an application together, day by day: who ranks applications reads nothing else.
CREATE TABLE app_totals (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
  app TEXT NOT NULL,
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
  PRIMARY KEY (level, at, test, app, part)
) STRICT, WITHOUT ROWID;

INSERT INTO app_totals (level, at, test, app, part, requests, errors, cancelled, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, cost_nano, cache_discount_nano, upstream_cost_nano)
SELECT level, at, test, app, part, sum(requests), sum(errors), sum(cancelled), sum(prompt_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens), sum(cost_nano), sum(cache_discount_nano), sum(upstream_cost_nano)
FROM app_sums GROUP BY level, at, test, app, part;

-- The applications of a model.
CREATE INDEX app_sums_by_model ON app_sums (level, test, model, at);
