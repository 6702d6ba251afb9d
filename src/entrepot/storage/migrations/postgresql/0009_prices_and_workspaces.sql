-- What customers pay where it is not the list price, and what workspaces and keys tell of themselves.

-- An entry says what is paid in its scope from a moment on, until another one or for good; of several that hold, the newest counts.
-- An empty `workspace` is every workspace without an entry of its own, an empty `model` every model. An entry with neither factor
-- nor rates ends what held before. `rates` is JSON: whole yocto-dollars by kind.
CREATE TABLE price_entries (
  revision BIGINT PRIMARY KEY,
  id TEXT COLLATE "C" NOT NULL UNIQUE,
  workspace TEXT COLLATE "C" NOT NULL,
  model TEXT COLLATE "C" NOT NULL,
  from_ms BIGINT NOT NULL,
  until_ms BIGINT CHECK (until_ms > from_ms),
  factor TEXT COLLATE "C",
  rates TEXT COLLATE "C",
  actor TEXT COLLATE "C" NOT NULL,
  created_ms BIGINT NOT NULL,
  CHECK (factor IS NULL OR rates IS NULL)
);

CREATE INDEX price_entries_by_scope ON price_entries (workspace, model, revision);

CREATE TRIGGER price_entries_stay BEFORE UPDATE OR DELETE ON price_entries
FOR EACH ROW EXECUTE FUNCTION entrepot_append_only();

CREATE TRIGGER price_entries_are_kept BEFORE TRUNCATE ON price_entries
FOR EACH STATEMENT EXECUTE FUNCTION entrepot_append_only();

-- `settings` is JSON: the members of the contract that are kept and shown. A deleted workspace stays, because records name it.
ALTER TABLE workspaces ADD COLUMN slug TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN description TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN settings TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE workspaces ADD COLUMN updated_ms BIGINT;
ALTER TABLE workspaces ADD COLUMN deleted_ms BIGINT;

UPDATE workspaces SET slug = id;

CREATE UNIQUE INDEX workspaces_by_slug ON workspaces (slug) WHERE deleted_ms IS NULL AND slug <> '';
CREATE INDEX workspaces_by_time ON workspaces (created_ms, id) WHERE deleted_ms IS NULL;

ALTER TABLE keys ADD COLUMN byok_in_limit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN creator TEXT COLLATE "C";

CREATE INDEX keys_by_workspace ON keys (workspace, created_ms, hash) WHERE deleted = 0;
CREATE INDEX audit_log_by_subject ON audit_log (subject, id);
