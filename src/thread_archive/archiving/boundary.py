"""Where what happens to one thread ends: nobody's odd answer takes the others along."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from thread_archive.exceptions import ThreadArchiveError, UnexpectedError

# Shown where THREAD_ARCHIVE_DEBUG is set.
_LOG = logging.getLogger(__name__)


@contextmanager
def boundary() -> Iterator[None]:
    """
    Turn whatever goes wrong with one thread, and nobody foresaw, into an UnexpectedError; what was foreseen passes.

    What the system or SQLite says of the archive's file has become an ArchiveError by then, which ends the run.
    """
    try:
        yield
    except ThreadArchiveError:
        raise
    except Exception as error:
        _LOG.debug("not foreseen", exc_info=error)
        raise UnexpectedError(error) from error
