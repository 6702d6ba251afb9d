-- What checks of endpoints found. A row with an empty body is a check that somebody has begun; ids sort by time.
CREATE TABLE endpoint_checks (
  id TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  model TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX endpoint_checks_by_model ON endpoint_checks (model, endpoint, id);
