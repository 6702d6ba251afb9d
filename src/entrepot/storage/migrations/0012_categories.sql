-- Sums by what applications say they are for, day by day. A request counts for each category that it names, and once for each
-- that those are part of: see records/categories.py.
CREATE TABLE category_sums (
  level INTEGER NOT NULL,
  at INTEGER NOT NULL,
  test INTEGER NOT NULL,
  category TEXT NOT NULL,
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
  PRIMARY KEY (level, at, test, category, app, model, part)
) STRICT, WITHOUT ROWID;
