-- A running server asks for the newest import twice a second.

CREATE INDEX catalog_models_imported ON catalog_models (imported_ms);
