"""The history of the tables. Migrations stand alone: no model is imported, and each can be undone."""
