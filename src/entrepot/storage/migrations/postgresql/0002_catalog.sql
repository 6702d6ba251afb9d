-- Models taken in with `entrepot catalog import`. What an operator writes in entrepot.toml stands above them.

CREATE TABLE catalog_models (
  id TEXT COLLATE "C" PRIMARY KEY,
  body TEXT NOT NULL,
  source TEXT NOT NULL,
  imported_ms BIGINT NOT NULL
);
