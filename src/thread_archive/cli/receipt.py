"""A receipt as a person reads it."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from thread_archive.archiving import ArticleReceipt, Receipt, SourceReceipt
from thread_archive.cli.terminal import as_started, line
from thread_archive.counting import counted
from thread_archive.model import MISSING_REASONS, Missing, MissingReason, TakenBack

# How wide the status is with which a line for a whole thread begins.
STATUS = 9
_NAMED = 3
# What is not in the archive and yet not missing, in a word.
_GONE = {MissingReason.PURGED: "purged", MissingReason.OTHER_THREAD: "in another thread"}


def size(number: int) -> str:
    """Bytes in the unit that fits."""
    if number < 1000:
        return f"{number} bytes"
    if number < 1_000_000:
        return f"{number / 1000:.0f} kB"
    return f"{number / 1_000_000:.1f} MB"


def short_receipt(receipt: Receipt) -> Text:
    """One line, for runs of many threads."""
    text = Text()
    text.append(f"{receipt.status:<{STATUS}}", style=_style(receipt))
    if receipt.error:
        return text.append(f"{line(receipt.url)}: {line(receipt.error.message)}")
    text.append(f"{line(receipt.title) or line(receipt.thread or '')}  ")
    taken_back = f"post {receipt.taken_back}; " if receipt.taken_back else ""
    return text.append(f"{taken_back}{_stored(receipt)}{_change(receipt)}", style="dim")


def full_receipt(receipt: Receipt) -> Iterator[Text]:
    """The whole account, line by line."""
    if receipt.error:
        yield Text.assemble(("failed  ", "bold red"), line(receipt.url))
        yield Text(f"  {line(receipt.error.message)}")
        yield Text(f"  {line(as_started(receipt.error.next))}")
        return
    yield Text.assemble((line(receipt.title) or "(no title)", "bold"))
    yield Text(f"  {line(receipt.thread or '')}")
    if receipt.asked_for:
        yield Text(f"  asked for: {line(receipt.asked_for)}")
    yield Text.assemble("  ", (receipt.status, _style(receipt)), f": {_stored(receipt)}{_change(receipt)}")
    for source in receipt.sources:
        yield from _source(source)
    for missing in receipt.missing:
        yield from _missing(missing)
    yield from _purged(receipt)
    yield from _unconfirmed(receipt)
    if receipt.attested_by:
        names = ", ".join(map(line, receipt.attested_by))
        yield Text(f"  attested by {names} only: neither the thread's home nor its own host told of it", style="yellow")
    yield from article_lines(receipt.article)
    if receipt.underived:
        texts = counted(receipt.underived, "text")
        yield Text(f"  not derived: {texts}, stored and shown, but without links and quotes in them", style="yellow")
        yield Text(f"    those would take longer than a visit may; {as_started('`thread-archive reread`')} does")
    yield Text("  images are kept as links only", style="dim")
    requests = counted(receipt.requests, "request")
    yield Text(f"  {requests}, {size(receipt.bytes)}, {receipt.seconds:.1f} s", style="dim")


_ARTICLE = {
    "stored": "stored",
    "updated": "stored anew; the earlier text is kept",
    "unchanged": "unchanged since the last visit",
    "failed": "not stored",
    "skipped": "none fetched",
    "not_fetched": "not fetched",
    "body": "the post's own body",
}


def article_lines(article: ArticleReceipt) -> Iterator[Text]:
    """What became of the article, in a line or two; nothing where there is none."""
    if article.status not in _ARTICLE:
        return
    style = "yellow" if article.status == "failed" else ""
    text = Text.assemble("  article: ", (_ARTICLE[article.status], style))
    if article.words:
        named = f"{line(article.title)}, " if article.title and article.status != "body" else ""
        text.append(f" ({named}{counted(article.words, 'word')})")
    yield text
    if article.url:
        yield Text(f"    {line(article.url)}", style="dim")
    if article.reason:
        yield Text(f"    {line(article.reason)}")


def _stored(receipt: Receipt) -> str:
    withdrawn = f", {receipt.tombstones:,} of them withdrawn" if receipt.tombstones else ""
    purged = f", {len(receipt.purged):,} of them purged" if receipt.purged else ""
    unconfirmed = f", {len(receipt.unconfirmed):,} unconfirmed" if receipt.unconfirmed else ""
    lost = sum(missing.count for missing in receipt.missing if missing.reason not in _GONE)
    text = f"{counted(receipt.stored, 'comment')} stored{withdrawn}{purged}" + (f", {lost:,} missing" if lost else "")
    text += unconfirmed
    return text + "".join(f", {item.count:,} {_GONE[item.reason]}" for item in receipt.missing if item.reason in _GONE)


def _change(receipt: Receipt) -> str:
    if not receipt.changed:
        return "; nothing new since the last visit"
    if receipt.revisions_added:
        return f"; {counted(receipt.revisions_added, 'earlier state')} kept"
    return ""


def _source(source: SourceReceipt) -> Iterator[Text]:
    software = f" ({line(source.software).capitalize()} {line(source.version)})" if source.software else ""
    home = ", the thread's home" if source.is_home else ""
    text = Text(f"  {line(source.instance)}{software}{home}: ")
    if source.error and source.advertised is None and not source.received:
        yield text.append(line(source.error.message), style="yellow")
        return
    gave = f"gave {source.received:,}"
    if source.tombstones:
        gave += f" ({source.tombstones:,} withdrawn)"
    says = f"counts {source.advertised:,}, " if source.advertised is not None else ""
    lacked = f", lacked {source.lacked:,} that another server has" if source.lacked else ""
    yield text.append(f"{says}{gave}{lacked}")
    yield from (Text(f"    {note}", style="dim") for note in _notes(source))
    if source.error:
        yield Text(f"    {line(source.error.message)}", style="yellow")


def _notes(source: SourceReceipt) -> Iterator[str]:
    """What is odd about a server's answers, and no comment's loss."""
    if source.drift:
        yield f"its counter is {source.drift:,} too high: no list that it gives has more"
    if source.misplaced:
        yield f"does not tell the place of {counted(source.misplaced, 'comment')}, shown as answering the post"
    if source.incomplete:
        yield f"told only a part of {counted(source.incomplete, 'comment')}"
    if source.unreadable:
        yield f"{counted(source.unreadable, 'row')} of its lists made no sense and gave no comment"


def _missing(missing: Missing) -> Iterator[Text]:
    style = "bold red" if missing.reason is MissingReason.UNEXPLAINED else "yellow"
    reason = missing.reason.value.replace("_", " ")
    label = "gone" if missing.reason in _GONE else "missing"
    yield Text.assemble(f"  {label}: ", (f"{missing.count:,} {reason}", style), f" ({MISSING_REASONS[missing.reason]})")
    yield from _named([item.ap_id or f"comment {item.local_id} of {item.instance}" for item in missing.items])


def _purged(receipt: Receipt) -> Iterator[Text]:
    """Which comments the thread's home no longer has; with a purged post all, so that they need not be named."""
    if not receipt.purged or receipt.taken_back is TakenBack.PURGED:
        return
    comments, by = counted(len(receipt.purged), "comment"), line(receipt.purged[0].instance)
    yield Text(
        f"  purged: {comments} that {by} no longer has (kept here, left out of what is published)", style="yellow"
    )
    yield from _named([item.ap_id or "" for item in receipt.purged])


def _unconfirmed(receipt: Receipt) -> Iterator[Text]:
    """Which comments only others show than the thread's home and the hosts of their ap_ids."""
    if not receipt.unconfirmed:
        return
    yield Text(
        f"  unconfirmed: {counted(len(receipt.unconfirmed), 'comment')} that the thread's home does not have and "
        "whose own hosts gave none (kept here with a mark, left out of what is published)",
        style="yellow",
    )
    yield from _named([f"{item.ap_id}, shown by {item.instance or 'a snapshot only'}" for item in receipt.unconfirmed])


def _named(names: Sequence[str]) -> Iterator[Text]:
    for name in names[:_NAMED]:
        yield Text(f"    {line(name)}")
    if len(names) > _NAMED:
        yield Text(f"    and {len(names) - _NAMED:,} more (--json names them all)")


def _style(receipt: Receipt) -> str:
    return {"complete": "bold green", "partial": "bold yellow"}.get(receipt.status, "bold red")
