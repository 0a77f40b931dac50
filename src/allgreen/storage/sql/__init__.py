"""SQLite and PostgreSQL behind one schema, one `MetaData` and one history of migrations."""
