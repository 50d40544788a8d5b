"""Use cases: a URL in, a receipt out. The only place where network and storage meet."""

from thread_archive.archiving.adding import Adding, Options
from thread_archive.archiving.progress import Progress, SilentProgress
from thread_archive.archiving.receipts import Receipt, SourceReceipt
from thread_archive.archiving.rereading import reread

__all__ = ["Adding", "Options", "Progress", "Receipt", "SilentProgress", "SourceReceipt", "reread"]
