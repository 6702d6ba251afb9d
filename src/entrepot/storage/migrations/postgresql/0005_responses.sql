-- Responses that are kept for a later turn: the items of one turn, and the response they go on from.
CREATE TABLE responses (
  id TEXT COLLATE "C" PRIMARY KEY,
  key_hash TEXT COLLATE "C" NOT NULL,
  created_ms BIGINT NOT NULL,
  previous_id TEXT COLLATE "C",
  input BYTEA NOT NULL,
  body BYTEA NOT NULL
);
CREATE INDEX responses_by_time ON responses (created_ms);
