"""Small pieces of HTML that post and comments share. What comes from outside is escaped here."""

from collections.abc import Mapping
from html import escape

from thread_archive.pages.times import minute
from thread_archive.urls import host_in

LINK = 'rel="nofollow noopener noreferrer ugc"'
_MARKS = {
    "op": ("OP", "Wrote the post"),
    "mod": ("mod", "Moderates the community"),
    "admin": ("admin", "An admin of the instance"),
    "bot": ("bot", "Says that it is a bot"),
}


def mark(word: str, kind: str, title: str) -> str:
    """A small mark behind a name."""
    return f'<span class="mark {kind}" title="{escape(title)}">{escape(word)}</span>'


MISPLACED = mark("place unknown", "warn", "Its server does not tell whom it answers: it stands on the post")
RESTRICTED = mark("login", "warn", "Only a login gave it: left out of what is published")


def purged(at: str, by: str | None) -> str:
    """That its server has it no longer."""
    return mark(
        "purged", "warn", f"{by or 'Its server'} has it no longer (seen {at[:10]}): left out of what is published"
    )


def unshown(at: str) -> str:
    """That nobody shows it any more, nor tells why."""
    return mark("gone", "warn", f"No server has shown it since {at[:10]}: left out of what is published")


UNCONFIRMED = mark(
    "unconfirmed",
    "warn",
    "The thread's home does not have it, and the host of its address did not give it: left out of what is published",
)


def link(url: str, words: str) -> str:
    """A link to another site; only its words where `url` is none of the web's."""
    if not url.lower().startswith(("https://", "http://")):
        return f'<span dir="auto">{escape(words)}</span>'
    return f'<a href="{escape(url)}" {LINK} dir="auto">{escape(words)}</a>'


def author(ap_id: str | None, name: str | None, marks: Mapping[str, object], here: str = "") -> str:
    """
    `name@instance`, linked to the profile at home, with the marks that are set; just the name for somebody of the
    instance `here`.
    """
    shown = "".join(mark(_MARKS[kind][0], kind, _MARKS[kind][1]) for kind, on in marks.items() if on)
    if not (ap_id or "").lower().startswith(("https://", "http://")):
        return f'<span class="by" dir="auto">{escape(name or "unknown")}</span>{shown}'
    profile = ap_id or ""
    host = host_in(profile)
    at = f'<span class="at">@{escape(host)}</span>' if host != here else ""
    return f'<a class="by" href="{escape(profile)}" {LINK}><bdi>{escape(name or "unknown")}</bdi>{at}</a>{shown}'


def number(value: object) -> str:
    """`1,234`; SQLite lets a file hold any text in a column of numbers, and then it is that text."""
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def points(score: int | None, up: int | None, down: int | None) -> str:
    """The score, and the votes that make it where they are known."""
    if score is None:
        return ""
    votes = "" if up is None or down is None else f' title="{number(up)} up, {number(down)} down"'
    return f'<span class="points"{votes}>{number(score)} point{"" if score == 1 else "s"}</span>'


def edited(stamp: str) -> str:
    """That and when something was edited."""
    try:
        when = f"{minute(stamp)} UTC"
    except (ValueError, IndexError):
        when = stamp
    return f'<span class="edited" title="{escape(when)}">edited</span>'
