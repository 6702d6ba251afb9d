-- All models of an application together, day by day: who ranks applications reads nothing else.
CREATE TABLE app_totals (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
  app TEXT COLLATE "C" NOT NULL,
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
  PRIMARY KEY (level, at, test, app, part)
) WITH (fillfactor = 70);

INSERT INTO app_totals (level, at, test, app, part, requests, errors, cancelled, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, cost_nano, cache_discount_nano, upstream_cost_nano)
SELECT level, at, test, app, part, sum(requests), sum(errors), sum(cancelled), sum(prompt_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens), sum(cost_nano), sum(cache_discount_nano), sum(upstream_cost_nano)
FROM app_sums GROUP BY level, at, test, app, part;

-- The applications of a model.
CREATE INDEX app_sums_by_model ON app_sums (level, test, model, at);
