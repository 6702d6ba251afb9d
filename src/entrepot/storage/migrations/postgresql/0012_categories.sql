-- Sums by what applications say they are for, day by day. A request counts for each category that it names, and once for each
-- that those are part of: see records/categories.py.
CREATE TABLE category_sums (
  level INTEGER NOT NULL,
  at BIGINT NOT NULL,
  test INTEGER NOT NULL,
  category TEXT COLLATE "C" NOT NULL,
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
  PRIMARY KEY (level, at, test, category, app, model, part)
) WITH (fillfactor = 70);
