-- What checks of endpoints found. A row with an empty body is a check that somebody has begun; ids sort by time.
CREATE TABLE endpoint_checks (
  id TEXT COLLATE "C" PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  endpoint TEXT COLLATE "C" NOT NULL,
  body TEXT NOT NULL
);

CREATE INDEX endpoint_checks_by_model ON endpoint_checks (model, endpoint, id);
