-- Responses that are kept for a later turn: the items of one turn, and the response they go on from.
CREATE TABLE responses (
  id TEXT PRIMARY KEY,
  key_hash TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  previous_id TEXT,
  input BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX responses_by_time ON responses (created_ms);
