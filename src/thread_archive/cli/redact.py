"""`thread-archive redact`: erase somebody's words from the archive, and keep them out."""

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click
from rich.text import Text

from thread_archive.archiving import targets
from thread_archive.archiving.redacting import Redaction, Target, finish, preview, redact
from thread_archive.cli.options import db_option, find_thread, json_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.prompts import stopping
from thread_archive.cli.terminal import line, messages, output, print_indented, print_json
from thread_archive.controls import without_controls
from thread_archive.counting import counted
from thread_archive.exceptions import ArchiveBusyError, InputError
from thread_archive.store.archive import Archive
from thread_archive.store.redaction.changes import ErasedItem

_EXCERPT = 160
_INDENT = 2
# So many passages of an item are shown, with so much of what stands before and after each.
_PASSAGES = 3
_AROUND = 60


@click.command()
@click.option("--person", metavar="WHO", help="All that a person wrote: name@instance, or the profile's address.")
@click.option("--comment", metavar="AP_ID", help="One comment, by its ap_id or address.")
@click.option("--thread", metavar="THREAD", help="A post and all below it: a URL, an ap_id, or the id that ls prints.")
@click.option("--pattern", metavar="TEXT", help="Passages wherever they stand now: some words, or /REGEX/.")
@click.option("--reason", default="", help="Why, for the log; it must not repeat what is erased.")
@click.option("--quotes", is_flag=True, help="Erase others' quotations of it as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@db_option
def command(
    person: str | None,
    comment: str | None,
    thread: str | None,
    pattern: str | None,
    reason: str,
    quotes: bool,
    yes: bool,
    as_json: bool,
    db: Path,
) -> int:
    """
    Erase somebody's words everywhere in the archive: rows, earlier states, kept answers, articles, index, free space.

    Lists what there is now and asks, if there is anything. Places in the tree, times and votes stay; [redacted] stands
    for the words. A person, comment or thread is kept out when threads are added again. Without a target an interrupted
    redaction is finished.
    """
    with Archive.open(db) as archive:
        wanted = {"person": person, "comment": comment, "thread": thread, "pattern": pattern}
        asked = {scope: text for scope, text in wanted.items() if text}
        if not asked:
            _finish(archive)
            return 0
        if len(asked) > 1:
            raise InputError(
                "Redact one thing at a time.", next="Give one of --person, --comment, --thread, --pattern."
            )
        target = _target(archive, *next(iter(asked.items())))
        if not yes and not _agreed(archive, target, quotes=quotes, as_json=as_json):
            return 0
        with Busy(messages(), "erasing…"):
            done = redact(archive, target, reason=reason, quotes=quotes, now=datetime.now(UTC))
        _report(done, target, as_json=as_json)
        if not done.swept:
            raise _unswept(archive)
    return 0


def _target(archive: Archive, scope: str, text: str) -> Target:
    if scope == "person":
        return targets.person(archive, text)
    if scope == "comment":
        return targets.comment(archive, text)
    if scope == "thread":
        return targets.thread(archive, find_thread(archive, text))
    return targets.pattern(text)


def _finish(archive: Archive) -> None:
    with Busy(messages(), "sweeping…"):
        swept = finish(archive)
    if not swept:
        raise _unswept(archive)
    output().print("Nothing is left to sweep; give --person, --comment, --thread or --pattern to redact something.")


def _unswept(archive: Archive) -> ArchiveBusyError:
    return ArchiveBusyError(
        f"All was erased, but the file {archive.path} still holds bytes of it: another program is reading it.",
        next="Close that program and run `thread-archive redact` without a target.",
    )


def _list(items: Sequence[ErasedItem], pattern: re.Pattern[str] | None, *, as_json: bool) -> None:
    for item in items:
        if as_json:
            print_json({"kind": item.kind, "ap_id": item.ap_id, "thread": item.thread, "author": item.author})
            continue
        heading = Text(f"{item.kind} ", style="bold").append(line(item.ap_id), style="not bold dim")
        output().print(heading, overflow="fold")
        passages = list(_passages(item.text, pattern)) if pattern else []
        for passage in passages or [Text(_cut(line(item.text), _EXCERPT))]:
            print_indented(output(), passage, _INDENT)


def _passages(text: str, pattern: re.Pattern[str]) -> Iterator[Text]:
    """What `pattern` matches in `text`, each with some words around it; of many the first few."""
    matches = list(islice(pattern.finditer(text), _PASSAGES + 1))
    for match in matches[:_PASSAGES]:
        before = _one_line(text[: match.start()])
        after = _one_line(text[match.end() :])
        if len(before) > _AROUND:
            before = "…" + (before[-_AROUND:].partition(" ")[2] or before[-_AROUND:])
        if len(after) > _AROUND:
            after = (after[:_AROUND].rpartition(" ")[0] or after[:_AROUND]) + "…"
        passage = _cut(_one_line(match[0]), _EXCERPT)
        yield Text.assemble(before.lstrip(), (passage, "bold"), after.rstrip())
    if len(matches) > _PASSAGES:
        yield Text("and more", style="dim")


def _one_line(text: str) -> str:
    """`text` on one line; blanks at its ends stay."""
    return re.sub(r"\s+", " ", without_controls(text))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + "…"


def _agreed(archive: Archive, target: Target, *, quotes: bool, as_json: bool) -> bool:
    """List what there is and ask, where there is anything to ask; returns whether to go on."""
    with stopping("Nothing was erased."):
        with Busy(messages(), "looking…"):
            found = preview(archive, target, quotes=quotes, now=datetime.now(UTC))
        if found.found:
            _list(found.items, target.pattern, as_json=as_json)
            agreed = _ask_to_erase(found, as_json=as_json)
        elif target.scope == "person" and found.listed:
            agreed = _ask_to_keep_out(as_json=as_json)
        else:
            messages().print(_nothing_there(found, target))
            return False
    if not agreed:
        messages().print("Nothing was erased." if found.found else "Nothing was changed.")
    return agreed


def _nothing_there(found: Redaction, target: Target) -> str:
    if target.scope == "person":
        return "Nothing of them is in the archive, and they are kept out already."
    keeps_out = "; --yes keeps it out all the same" if found.listed else ""
    return f"Nothing of it is in the archive{keeps_out}."


def _ask_to_erase(found: Redaction, *, as_json: bool) -> bool:
    if _nobody_to_ask(as_json=as_json):
        raise InputError(
            f"{counted(len(found.items), 'item')} would be redacted; nothing was.", next="--yes redacts without asking."
        )
    if found.quotes_left:
        messages().print(f"{counted(found.quotes_left, 'quotation')} by others will stay; --quotes erases them too.")
    if not found.items:
        messages().print("It stands only in what was replaced since: earlier states and kept answers.")
        return click.confirm("Erase it there for good?", err=True)
    return click.confirm(
        f"Erase {counted(len(found.items), 'item')} for good, earlier states and kept answers included?", err=True
    )


def _ask_to_keep_out(*, as_json: bool) -> bool:
    """Their later words may be wanted out as much as any that are there."""
    if _nobody_to_ask(as_json=as_json):
        raise InputError(
            "Nothing of them is in the archive; they would be kept out, and are not.",
            next="--yes keeps them out without asking.",
        )
    messages().print("Nothing of them is in the archive.")
    return click.confirm("Keep them out of later visits all the same?", err=True)


def _nobody_to_ask(*, as_json: bool) -> bool:
    return as_json or not sys.stdin.isatty()


def _report(done: Redaction, target: Target, *, as_json: bool) -> None:
    if as_json:
        _list(done.items, target.pattern, as_json=True)
        print_json(
            {
                "kind": "redaction",
                "scope": target.scope,
                "items": len(done.items),
                "answers": done.answers,
                "quotes": done.quotes,
                "quotes_left": done.quotes_left,
                "quoted_in": list(done.quoted_in),
                "swept": done.swept,
            }
        )
        return
    say = output().print
    if done.found:
        say(f"{counted(len(done.items), 'item')} redacted, in {counted(done.answers, 'kept answer')} as well.")
    else:
        say(f"Nothing of {'them' if target.scope == 'person' else 'it'} was in the archive.")
    if done.quotes_left:
        stay, them = ("stays", "it") if done.quotes_left == 1 else ("stay", "any of them")
        say(f"{counted(done.quotes_left, 'quotation')} by others {stay}; use --pattern to erase {them}:")
        for ap_id in done.quoted_in:
            say(Text(f"  {line(ap_id)}"), overflow="fold")
    if target.entries:
        stays = "They stay" if target.scope == "person" else "It stays"
        say(f"{stays} out when threads are added again.")
