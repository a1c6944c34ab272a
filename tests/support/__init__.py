"""What tests stand on: a real PostgreSQL, browser and server, and a guard that keeps them on this machine."""
