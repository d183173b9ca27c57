"""The tables. A stage whose type gains a field needs no new schema: bodies are the JSON of the contracts.

Times named ``at_s`` are seconds since the epoch; a run is one start of the controller.
"""

#: Raised with every change to the tables that an older reader would misunderstand.
VERSION = 1

STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_s REAL NOT NULL,
        body TEXT NOT NULL
    ) STRICT""",
    # The body is the digest's JSON, deflated: it is what fills the disk.
    """CREATE TABLE IF NOT EXISTS digests (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL,
        window INTEGER NOT NULL,
        at_s REAL NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (run, window)
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS exchanges (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL,
        exchange TEXT NOT NULL,
        at_s REAL NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (run, exchange)
    ) STRICT""",
    # One hint. Ids are never used again: the journal names actions by them. "seen" is the workload's row,
    # and the machine's, when it was hinted; it outlives the digest.
    """CREATE TABLE IF NOT EXISTS decisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL,
        window INTEGER NOT NULL,
        at_s REAL NOT NULL,
        advisor TEXT NOT NULL,
        hint TEXT NOT NULL,
        exchange TEXT,
        seen TEXT
    ) STRICT""",
    # What became of a decision, in order: a Refusal, Applied, Restored or Outcome.
    """CREATE TABLE IF NOT EXISTS steps (
        id INTEGER PRIMARY KEY,
        decision INTEGER,
        run INTEGER NOT NULL,
        window INTEGER NOT NULL,
        at_s REAL NOT NULL,
        stage TEXT NOT NULL CHECK (stage IN ('refused', 'applied', 'restored', 'judged')),
        body TEXT NOT NULL
    ) STRICT""",
    # What each call of a model has cost, and, "open", the most that a question may cost which is being asked:
    # that of a controller which was killed stays. For a day, as far as limits reach. Ids only grow.
    """CREATE TABLE IF NOT EXISTS costs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        question TEXT NOT NULL,
        at_s REAL NOT NULL,
        calls INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        answer_tokens INTEGER NOT NULL,
        open INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS steps_by_decision ON steps (decision)",
)
