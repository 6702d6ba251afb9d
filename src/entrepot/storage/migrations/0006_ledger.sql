-- The books, what limits and credit are, and what processes may spend against them without asking.

-- A transaction is one thing that happened to money; `key` names that thing, so that it can happen only once. `moves` is how many
-- moves belong to it, so that none can be added later.
CREATE TABLE ledger_transactions (
  key TEXT PRIMARY KEY,
  book TEXT NOT NULL CHECK (book IN ('live', 'test')),
  kind TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  memo TEXT NOT NULL,
  moves INTEGER NOT NULL CHECK (moves > 0)
) STRICT;

CREATE INDEX ledger_transactions_by_time ON ledger_transactions (at_ms);

-- One move takes an amount from one account and gives it to another: what does not sum to zero cannot be written down.
CREATE TABLE ledger_moves (
  key TEXT NOT NULL REFERENCES ledger_transactions (key),
  line INTEGER NOT NULL CHECK (line >= 0),
  giver TEXT NOT NULL,
  giver_of TEXT NOT NULL,
  taker TEXT NOT NULL,
  taker_of TEXT NOT NULL,
  amount_nano INTEGER NOT NULL CHECK (amount_nano > 0),
  PRIMARY KEY (key, line),
  CHECK (giver <> taker OR giver_of <> taker_of)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_moves_by_giver ON ledger_moves (giver, giver_of);
CREATE INDEX ledger_moves_by_taker ON ledger_moves (taker, taker_of);

-- The same moves as signed entries.
CREATE VIEW ledger_entries AS
  SELECT t.key, t.book, t.kind, t.at_ms, m.line, m.taker AS account, m.taker_of AS owner, m.amount_nano
  FROM ledger_moves m JOIN ledger_transactions t ON t.key = m.key
  UNION ALL
  SELECT t.key, t.book, t.kind, t.at_ms, m.line, m.giver, m.giver_of, -m.amount_nano
  FROM ledger_moves m JOIN ledger_transactions t ON t.key = m.key;

-- Sums of entries, kept as they come. `ledger verify` proves them.
CREATE TABLE ledger_balances (
  book TEXT NOT NULL,
  account TEXT NOT NULL,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL,
  amount_nano INTEGER NOT NULL,
  PRIMARY KEY (book, account, owner, kind)
) STRICT, WITHOUT ROWID;

-- SQLite replaces a row without asking the triggers on deletion, so that a second row of the same key is refused too.
CREATE TRIGGER ledger_transactions_once BEFORE INSERT ON ledger_transactions
WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'this transaction is in the ledger already'); END;

CREATE TRIGGER ledger_transactions_stay BEFORE UPDATE ON ledger_transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_transactions_are_kept BEFORE DELETE ON ledger_transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_moves_once BEFORE INSERT ON ledger_moves
WHEN NEW.line >= (SELECT moves FROM ledger_transactions WHERE key = NEW.key)
  OR EXISTS (SELECT 1 FROM ledger_moves WHERE key = NEW.key AND line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'this transaction is whole'); END;

CREATE TRIGGER ledger_moves_stay BEFORE UPDATE ON ledger_moves
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_moves_are_kept BEFORE DELETE ON ledger_moves
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Who changed what, when, from what, to what. `before` and `after` are JSON.
CREATE TABLE audit_log (
  id TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_log_once BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- A limit on a key: nano-dollars in each day, week or month (UTC), or ever when there is no reset.
ALTER TABLE keys ADD COLUMN limit_nano INTEGER CHECK (limit_nano >= 0);
ALTER TABLE keys ADD COLUMN limit_reset TEXT CHECK (limit_reset IN ('daily', 'weekly', 'monthly'));

-- A prepaid workspace can spend its credit and no more. `revision` lets a running server pick up what changed.
ALTER TABLE workspaces ADD COLUMN prepaid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

CREATE INDEX workspaces_by_revision ON workspaces (revision);

CREATE TABLE budgets (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  span TEXT NOT NULL CHECK (span IN ('daily', 'weekly', 'monthly', 'lifetime')),
  limit_nano INTEGER NOT NULL CHECK (limit_nano > 0),
  PRIMARY KEY (workspace, span)
) STRICT, WITHOUT ROWID;

-- Sums by workspace and UTC day, as `key_usage` has them by key.
CREATE TABLE workspace_usage (
  workspace TEXT NOT NULL,
  book TEXT NOT NULL,
  day INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  PRIMARY KEY (workspace, book, day)
) STRICT, WITHOUT ROWID;

-- What a process may spend of a purse (a limit in one window, or credit) and has not yet recorded as spent.
CREATE TABLE leases (
  purse TEXT NOT NULL,
  process TEXT NOT NULL,
  granted_nano INTEGER NOT NULL,
  PRIMARY KEY (purse, process)
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_by_process ON leases (process);

-- Processes that hold leases: where their journals lie, and when they last said that they live.
CREATE TABLE lease_holders (
  process TEXT PRIMARY KEY,
  place TEXT NOT NULL,
  beat_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A purse that somebody found empty: whoever leases of it and does not need all gives back.
CREATE TABLE lease_wants (
  purse TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was spent before there were books, as their opening.
INSERT INTO workspace_usage
SELECT k.workspace, CASE k.kind WHEN 'test' THEN 'test' ELSE 'live' END, u.day, sum(u.requests), sum(u.cost_nano)
FROM key_usage u JOIN keys k ON k.hash = u.key_hash
GROUP BY 1, 2, 3;

INSERT INTO ledger_transactions
SELECT 'opening:' || book || ':' || workspace, book, 'usage', 0, 'migration', 'usage before the ledger', 1
FROM workspace_usage
GROUP BY book, workspace
HAVING sum(cost_nano) > 0;

INSERT INTO ledger_moves
SELECT 'opening:' || book || ':' || workspace, 0, 'credit', workspace, 'revenue', workspace, sum(cost_nano)
FROM workspace_usage
GROUP BY book, workspace
HAVING sum(cost_nano) > 0;

INSERT INTO ledger_balances
SELECT book, account, owner, kind, sum(amount_nano)
FROM ledger_entries
GROUP BY book, account, owner, kind;
