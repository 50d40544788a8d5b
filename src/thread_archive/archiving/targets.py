"""What a person may ask to have redacted, in the words of the command line, as targets."""

import re

from thread_archive.archiving.redacting import Target
from thread_archive.exceptions import InputError, UnsupportedURLError
from thread_archive.store import takedowns
from thread_archive.store.archive import Archive
from thread_archive.store.redaction import finding
from thread_archive.takedowns import COMMENT, MARK, MENTION, PERSON, POST, handle, here
from thread_archive.urls import host_in, parse_thread_url, visible

_HANDLE = re.compile(r"@?([^@\s/]{1,300})@([^@\s/]{1,300})")
_PROFILE = re.compile(r"(https?://([^/\s]+)/(?:u/@?|users?/|profile/|accounts?/|@))([^/@\s?#]+)(?:@([^/@\s?#]+))?/?")
_REGEX = re.compile(r"/(.+)/", re.DOTALL)


def person(archive: Archive, who: str) -> Target:
    """
    Everything by a person: `name@host`, a profile's address on any server, or an ap_id.

    Somebody who is not in the archive is kept out from now on. Raises InputError.
    """
    text = visible(who).strip()
    if finding.person_exists(archive.db.conn, text):
        return _person([(text, finding.person_name(archive.db.conn, text))])
    guess, name, host = text, "", ""
    if match := _HANDLE.fullmatch(text):
        name, host = match[1], _host(match[2])
        guess = f"https://{host}/u/{name}"
    elif match := _PROFILE.fullmatch(text):
        name, host = match[3], _host(match[4] or match[2])
        guess = f"https://{host}/u/{name}" if match[4] else match[1].replace(match[2], host, 1) + name
    else:
        raise InputError(
            f"{who!r} names nobody.", next="Write --person name@instance, or the address of the person's profile."
        )
    if found := finding.people_called(archive.db.conn, name, host):
        return _person([(ap_id, name) for ap_id in found])
    if finding.is_listed(takedowns.load(archive), guess, name):
        return Target(scope="person", name=guess)
    return _person([(guess, name)])


def _host(written: str) -> str:
    """A host, perhaps with its port, as ap_ids have it: in lower-case A-labels."""
    return host_in(f"https://{written}")


def _person(found: list[tuple[str, str]]) -> Target:
    entries = [entry for ap_id, name in found for entry in _named(ap_id, name)]
    return Target(scope="person", name=found[0][0], entries=tuple(entries))


def _named(ap_id: str, name: str) -> tuple[tuple[str, str], ...]:
    return (PERSON, ap_id), (MENTION, handle(name, host_in(ap_id))), (MENTION, here(name))


def comment(archive: Archive, text: str) -> Target:
    """One comment by its ap_id or any address of it; raises InputError where that is none."""
    address = text.strip()
    connection = archive.db.conn
    ap_id = address if finding.is_comment(connection, address) else None
    if ap_id is None:
        try:
            url = parse_thread_url(text)
        except UnsupportedURLError:
            url = None
        if url is not None and url.comment_id is not None:
            made = url.canonical if url.path else f"{url.base}/comment/{url.comment_id}"
            ap_id = finding.comment_at(connection, url.instance, url.comment_id) or made
    if ap_id is None:
        raise InputError(
            f"{text!r} is not the address of a comment.",
            next="Write --comment with the comment's ap_id or address; --thread redacts a post with all below it.",
        )
    return Target(scope="comment", name=ap_id, entries=((COMMENT, ap_id),))


def thread(archive: Archive, post_id: int) -> Target:
    """The thread of the row `post_id`: the post, its article, and what everybody wrote under it."""
    ap_id = finding.post_ap_id(archive.db.conn, post_id)
    return Target(scope="thread", name=ap_id, entries=((POST, ap_id),))


def pattern(text: str) -> Target:
    """
    Passages: some words, in letters of either case, or a regular expression between slashes.

    Raises InputError where it is none, or would match nothing at all or what stands for redacted text.
    """
    regex = _REGEX.fullmatch(text)
    try:
        compiled = re.compile(regex[1]) if regex else re.compile(re.escape(text), re.IGNORECASE)
    except re.error as error:
        raise InputError(f"{text!r} is no regular expression: {error}.", next="Mend it and try again.") from error
    if compiled.search("") or compiled.search(MARK):
        raise InputError(
            f"{text!r} would match everywhere.",
            next=f"A pattern must match neither nothing at all nor {MARK}, which stands for redacted text.",
        )
    return Target(scope="pattern", pattern=compiled)
