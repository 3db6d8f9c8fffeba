"""SQLAlchemy on SQLite, and content-addressed files beside it; only plain records leave."""
