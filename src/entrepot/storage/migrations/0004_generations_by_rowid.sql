-- Records are about a kilobyte. Rows of that size in an index tree spill into pages of their own: 4.7 KB and 40 us each where a
-- table with row ids takes 1.3 KB and 11 us.

ALTER TABLE generations RENAME TO generations_before;

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
) STRICT;

INSERT INTO generations SELECT * FROM generations_before ORDER BY id;

DROP TABLE generations_before;
