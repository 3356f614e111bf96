"""Says what is wrong with the database: away, full, damaged or read-only. Nothing of a statement is repeated."""

from __future__ import annotations

NOTED = "fairstream.database_fault"  # where a request carries it to who writes the line of the log
AWAY = "The database does not answer"
DAMAGED = "The file of the database is damaged, or is not a database"
FULL = "The disk of the database is full"
READ_ONLY = "The database cannot be written: it or its folder is read-only"
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE", "DiskFull")
_READ_ONLY = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "ReadOnlySqlTransaction")


def fault_of(error: BaseException) -> str:
    """Return what a failed statement says about the database.

    Args:
        error: Of Django; the error of the database's driver is its cause, or that of the error before it.
    """
    cause = error
    while (deeper := cause.__cause__ or cause.__context__) is not None and not hasattr(cause, "sqlite_errorname"):
        cause = deeper
    name = str(getattr(cause, "sqlite_errorname", type(cause).__name__))
    if name.startswith(_DAMAGED):
        return DAMAGED
    if name in _FULL:
        return FULL
    return READ_ONLY if name.startswith(_READ_ONLY) else AWAY
