"""Reading through a plain connection, whoever opened it (Datasette, a snapshot, an Archive)."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_state(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A transaction for reading: all that is read in it is of one moment, whatever a writer does meanwhile."""
    factory = connection.text_factory
    # Datasette's own factory is a Python function, called for every text: a third of a page's time.
    connection.text_factory = str
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")
        connection.text_factory = factory


def tuples(connection: sqlite3.Connection, query: str, *values: object) -> sqlite3.Cursor:
    """Rows as plain tuples, whatever the connection makes of rows otherwise."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(query, values)
