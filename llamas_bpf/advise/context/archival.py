"""Archival storage: what there is to read at leisure: the operator's documents, and the model's notes."""

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from sqlite3 import Connection, Row

from llamas_bpf.advise.confined.messages import Document
from llamas_bpf.advise.context import fulltext
from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.advise.context.recall import Transaction

#: Characters of a chunk: a few of them fit into one answer of a function.
CHUNK = 700
#: The source of what the model itself noted.
_OWN = ""


class Archival:
    """Its methods raise StorageError. ``most_chars`` bounds all texts together."""

    def __init__(self, transaction: Transaction, most_chars: int) -> None:
        self._transaction = transaction
        self._most_chars = most_chars

    def keep_documents(self, documents: Iterable[Document]) -> list[str]:
        """These are the operator's documents now: new ones are added, changed ones replaced, others dropped.
        Gives the sources that had no room."""
        left_out = []
        with self._transaction() as db:
            wanted = {_hash(document.source, document.text): document for document in documents}
            known = {row[0] for row in db.execute("SELECT DISTINCT document FROM chunks WHERE source <> ''")}
            for document in known - wanted.keys():
                self._drop(db, "document = ?", document)
            for hash_, document in wanted.items():
                if hash_ in known or not document.source:
                    continue
                if not self._make_room(db, len(document.text)):
                    left_out.append(document.source)
                    continue
                _add(db, document.source, hash_, document.text)
        return left_out

    def insert(self, text: str) -> bool:
        """A note of the model's, in place of its oldest where there is no room. False: it is there already.
        Raises FunctionError where it is too long."""
        hash_ = _hash(_OWN, text)
        with self._transaction() as db:
            there = db.execute("SELECT 1 FROM chunks WHERE document = ?", (hash_,)).fetchone()
            if there:
                return False
            if not self._make_room(db, len(text)):
                raise FunctionError(f"archival storage has no room for {len(text)} characters: write less")
            _add(db, _OWN, hash_, text)
        return True

    def search(self, query: str) -> tuple[list[Row], int]:
        """The best chunks, best first, and how many match."""
        with self._transaction() as db:
            return fulltext.search(db, "chunks", query)

    def of_source(self, stem: str) -> list[Row]:
        """The document of this name, whatever its folder and ending, in its order."""
        with self._transaction() as db:
            sources = [row[0] for row in db.execute("SELECT DISTINCT source FROM chunks")]
            named = [s for s in sources if s.rsplit("/", 1)[-1].rsplit(".", 1)[0] == stem]
            return [
                row
                for source in named
                for row in db.execute("SELECT * FROM chunks WHERE source = ? ORDER BY id", (source,))
            ]

    def _make_room(self, db: Connection, chars: int) -> bool:
        """Only notes give way, the oldest first."""
        used = db.execute("SELECT coalesce(sum(length(text)), 0) FROM chunks").fetchone()[0]
        own = db.execute("SELECT coalesce(sum(length(text)), 0) FROM chunks WHERE source = ''").fetchone()[0]
        if used - own + chars > self._most_chars:
            return False
        while used + chars > self._most_chars:
            oldest = db.execute(
                "SELECT document, length(text) FROM chunks WHERE source = '' ORDER BY id LIMIT 1"
            )
            document, _ = oldest.fetchone()
            used -= self._drop(db, "document = ? AND source = ''", document)
        return True

    def _drop(self, db: Connection, where: str, document: str) -> int:
        rows = db.execute(f"SELECT id, length(text) FROM chunks WHERE {where}", (document,)).fetchall()  # noqa: S608
        for row in rows:
            fulltext.delete(db, "chunks", [row[0]])
        return sum(row[1] for row in rows)


def _add(db: Connection, source: str, hash_: str, text: str) -> None:
    for chunk in chunks(text.encode("utf-8", "replace").decode()):
        added = db.execute(
            "INSERT INTO chunks (source, document, at_s, text) VALUES (?, ?, ?, ?)",
            (source, hash_, time.time(), chunk),
        )
        fulltext.index(db, "chunks", added.lastrowid or 0, chunk)


def chunks(text: str, most: int = CHUNK) -> Iterator[str]:
    """Whole paragraphs as far as they fit together; a longer one is cut, between words where it has any."""
    held = ""
    for paragraph in re.split(r"\n\s*\n", text):
        for part in _cut(paragraph.strip(), most):
            if held and len(held) + 2 + len(part) > most:
                yield held
                held = ""
            held = f"{held}\n\n{part}" if held else part
    if held:
        yield held


def _cut(paragraph: str, most: int) -> Iterator[str]:
    position = 0
    while len(paragraph) - position > most:
        space = paragraph.rfind(" ", position + most // 2, position + most)
        end = space if space > 0 else position + most
        yield paragraph[position:end].strip()
        position = end
    if rest := paragraph[position:].strip():
        yield rest


def _hash(source: str, text: str) -> str:
    return hashlib.sha256(f"{source}\0{text}".encode("utf-8", "replace")).hexdigest()
