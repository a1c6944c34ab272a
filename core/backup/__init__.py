"""One file with all that an installation keeps, and the way back.

Owns: the archive (a zip with a manifest of checksums, counts and the schema's revision), the copy of a database in use
by that database's own means, the restored database brought up to this version. Refuses: the secret key and
``spiral.toml`` (an archive that is stolen must not sign passes and links of the living installation), the search index
(made anew), and to restore over anything whose name was not typed.
"""
