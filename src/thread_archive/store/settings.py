"""What the owner, or the program for the owner, set for one archive."""

import sqlite3


def get(connection: sqlite3.Connection, name: str) -> str | None:
    """A setting's value; None where it is not set."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", [name]).fetchone()
    return str(row[0]) if row else None


def put(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Set it, inside the caller's transaction."""
    connection.execute("INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2", [name, value])


def drop(connection: sqlite3.Connection, name: str) -> None:
    """Unset it, inside the caller's transaction."""
    connection.execute("DELETE FROM settings WHERE name = ?", [name])
