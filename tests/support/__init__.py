"""What tests stand on: a real PostgreSQL, a real browser, a real server, and a guard that keeps them on this machine."""
