"""The tables of the advisor's database. ``at_s`` is seconds since the epoch.

A run is one start of the controller: ids such as w3 mean nothing beyond it. Full-text indexes are kept by
hand, in ``fulltext.py``: with an untrusted schema, a trigger may not write into one.
"""

VERSION = 1

STATEMENTS = (
    "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    # A window: its records as JSON, deflated; the text has who is in it.
    """CREATE TABLE digests (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL,
        window INTEGER NOT NULL,
        at_s REAL NOT NULL,
        text TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    # An event, or a message that was in the queue, or a summary.
    """CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL,
        window INTEGER NOT NULL,
        at_s REAL NOT NULL,
        kind TEXT NOT NULL,
        workload TEXT,
        name TEXT,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX entries_by_kind ON entries (kind)",
    "CREATE INDEX entries_by_workload ON entries (run, workload)",
    "CREATE INDEX entries_by_name ON entries (name)",
    # A part of a document, or what the model noted (source ''). ``document`` is the hash of the whole.
    """CREATE TABLE chunks (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        document TEXT NOT NULL,
        at_s REAL NOT NULL,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX chunks_by_document ON chunks (document)",
    "CREATE INDEX chunks_by_source ON chunks (source)",
    *(
        f"CREATE VIRTUAL TABLE {table}_text USING fts5(text, content={table}, content_rowid=id)"
        for table in ("digests", "entries", "chunks")
    ),
)
