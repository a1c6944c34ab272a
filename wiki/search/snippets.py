"""Snippets."""
