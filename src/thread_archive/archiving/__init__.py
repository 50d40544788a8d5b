"""Use cases: a URL in, a receipt out. The only place where network and storage meet."""

from thread_archive.archiving.adding import Adding, refused
from thread_archive.archiving.linking import ArticleReceipt, fetch_article
from thread_archive.archiving.progress import Progress, SilentProgress
from thread_archive.archiving.receipts import Receipt, SourceReceipt
from thread_archive.archiving.rereading import Reread, reread
from thread_archive.archiving.visiting import Options

__all__ = [
    "Adding",
    "ArticleReceipt",
    "Options",
    "Progress",
    "Receipt",
    "Reread",
    "SilentProgress",
    "SourceReceipt",
    "fetch_article",
    "refused",
    "reread",
]
