-- Keys, workspaces, generations and the daily sums that spend is read from.

CREATE TABLE workspaces (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

-- A key is known only by a keyed hash. `revision` lets a running server pick up what changed.
CREATE TABLE keys (
  hash TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('live', 'test', 'management')),
  label TEXT NOT NULL,
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER,
  expires_ms INTEGER,
  disabled INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_by_revision ON keys (revision);

-- One row for each request that got past its key. `detail` is the whole record as JSON. Ids sort by time.
CREATE TABLE generations (
  id TEXT PRIMARY KEY,
  created_ms INTEGER NOT NULL,
  key_hash TEXT NOT NULL,
  workspace TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  test INTEGER NOT NULL,
  status INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  detail BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Sums by key and UTC day (days since 1970), kept as records come.
CREATE TABLE key_usage (
  key_hash TEXT NOT NULL,
  day INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  PRIMARY KEY (key_hash, day)
) STRICT, WITHOUT ROWID;
