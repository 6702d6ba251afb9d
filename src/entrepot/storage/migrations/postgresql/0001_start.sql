-- Keys, workspaces, generations and the daily sums that spend is read from. Texts that are compared or sorted go by their bytes.

CREATE TABLE workspaces (
  id TEXT COLLATE "C" PRIMARY KEY,
  name TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);

-- A key is known only by a keyed hash. `revision` lets a running server pick up what changed.
CREATE TABLE keys (
  hash TEXT COLLATE "C" PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('live', 'test', 'management')),
  label TEXT NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT,
  expires_ms BIGINT,
  disabled INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  revision BIGINT NOT NULL
);

CREATE INDEX keys_by_revision ON keys (revision);

-- The secret that keys are hashed with is the same at all replicas; `secret` is empty where each is given it, and only its
-- fingerprint is compared.
CREATE TABLE installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  secret BYTEA NOT NULL,
  fingerprint TEXT NOT NULL
);

-- One row for each request that got past its key. `detail` is the whole record as JSON. Ids sort by time.
CREATE TABLE generations (
  id TEXT COLLATE "C" PRIMARY KEY,
  created_ms BIGINT NOT NULL,
  key_hash TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  test INTEGER NOT NULL,
  status INTEGER NOT NULL,
  cost_nano BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  detail BYTEA NOT NULL
);

-- Sums by key and UTC day (days since 1970), kept as records come. Each process adds to a part of its own, so that a key which all
-- replicas serve is no row that all of them wait for; what is spent is the sum of the parts.
CREATE TABLE key_usage (
  key_hash TEXT COLLATE "C" NOT NULL,
  day INTEGER NOT NULL,
  part INTEGER NOT NULL,
  requests BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  PRIMARY KEY (key_hash, day, part)
) WITH (fillfactor = 70);
