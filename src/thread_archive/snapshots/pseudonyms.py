"""
Pseudonyms for what is shared: names, mentions, addresses of profiles and of what somebody wrote, alike in every text.

The same key gives the same pseudonyms (HMAC-SHA-256 of what is hidden; only who has the key can make them again).
Texts stay word for word otherwise: who finds a sentence on the web finds its author. This is pseudonymity, no more.
"""

import re
from base64 import b32encode
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest as hmac_digest
from urllib.parse import quote, unquote

from thread_archive.appearance import appearance, look_alike
from thread_archive.exceptions import UnsupportedURLError
from thread_archive.slugs import slug
from thread_archive.snapshots.names import (
    MOST_PARTS,
    SHORTEST,
    UNSPACED,
    WORD,
    NamedPerson,
    Usage,
    split_at_signs,
    word_names,
    words_in,
)
from thread_archive.snapshots.renaming import rename_in_html
from thread_archive.urls import host_in, thread_at

__all__ = ["HOST", "NamedPerson", "Pseudonyms", "Remaining", "Usage"]

# RFC 2606: nothing is ever there.
HOST = "pseudonym.invalid"
_LENGTH = 12
_PSEUDONYM = re.compile(rf"person-[a-z2-7]{{{_LENGTH}}}")

# A name with Markdown's backslashes; no part of it can be read in two ways, however long the text.
_NAME = WORD.pattern
_HOST = r"[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?|localhost(?::\d{1,5})?"
_ADDRESS = re.compile(
    rf"(?P<url>https?://[^\s<>\"'()\[\]`|]+)"
    rf"|(?<![\w/.!\\-])@?(?P<of>{_NAME})@(?P<at>{_HOST})"
    rf"|(?<![\w.])/?u/(?P<path>{_NAME})(?:@(?P<path_at>{_HOST}))?"
    rf"|(?<![\w/@\\])@(?P<called>{_NAME})"
    r"|(?<=/t/)(?P<post_slug>[a-z2-7]{16})\b|(?<=[?&]c=)(?P<slug>[a-z2-7]{16})\b"
    rf"|(?P<word>{WORD.pattern})"
)
_PROFILE = re.compile(rf"https?://(?P<host>[^/]+)/(?P<kind>u/|users?/|@)(?P<name>{_NAME})(?:@(?P<at>{_HOST}))?")
_ENDS = ".,;:!?*_~"
# What is read as one word, and what has signs between its letters.
_READ = re.compile(r"(?<!\w)\w++(?:[._\-·•‧+|]\w++)*+")
_MARKED = re.compile(r"(?<!\w)(?=\w{1,40}+[._\-·•‧+|\\]|\w{0,40}_)\w++(?:\\?[._\-·•‧+|]\w++)*+")
_SIGNS_BETWEEN = re.compile(r"[._\-·•‧+|]")
_LONGEST_MARKED = 100
# An address, or a host by itself.
_HOSTED = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z+]{0,20}+:)?(?(scheme)//|(?<![\w.-])(?:(?P<name>[\w.-]{1,255}+)@)?)"
    r"(?P<host>[\w-]++(?:\.[\w-]++)++(?::\d{1,5}\b)?)"
    r"(?(scheme)[^\s<>\"'()\[\]`|]*+)"
)
_LOCAL_ITEM = re.compile(r"(?<![\w.:])(/(?:post|comment)/)\d{1,19}\b")
_SLUG_IN_URL = re.compile(r"(?<=/t/)[a-z2-7]{16}\b|(?<=[?&]c=)[a-z2-7]{16}\b")
# How quoting is introduced: in the languages that threads are most written in.
_SAID = (
    "wrote|writes|said|says|asked|replied|schrieb|schreibt|sagte|sagt|a écrit|écrit|a dit|dit|escribió|escribe|dijo"
    "|dice|ha scritto|scrive|escreveu|disse|schreef|schrijft|skrev|napisał|napisała|написал|написала|пишет|сказал"
    "|сказала"
)
_SPEAKER = re.compile(rf"(?im)^(?P<mark>[ \t>*_\"“„«]*+)(?P<name>(?>{_NAME}))(?=[*:]*+[ \t]+(?:{_SAID})\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """How many names were left in texts because they are ordinary words there, and how often; for a manifest."""

    names: int
    occurrences: int


class Pseudonyms:
    """
    Names everybody anew.

    `people` are those of the snapshot, `posts` the ap_ids of its posts, `instances` the hosts whose addresses of
    profiles, posts and comments are to be hidden. By `usage` a name that is an ordinary word of the texts stays where
    it stands as one; without it every name that is long enough goes. With `coarse` all addresses and names of these
    hosts go.
    """

    def __init__(
        self,
        key: bytes,
        people: Iterable[NamedPerson],
        *,
        posts: Iterable[str] = (),
        instances: Iterable[str] = (),
        usage: Usage | None = None,
        coarse: bool = False,
    ) -> None:
        self._coarse = coarse
        self._key = key
        self._people: dict[str, str] = {}
        self._handles: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._phrases: dict[str, str] = {}
        # By their first letters, how long phrases are that begin so: the longest first.
        self._lengths: dict[str, list[int]] = {}
        self._instances = {instance.lower() for instance in instances}
        self._hosts = {instance.partition(":")[0] for instance in self._instances}
        self._slugs: dict[str, str] = {}
        self._posts = frozenset(posts)
        self._left: Counter[str] = Counter()
        for ap_id in self._posts:
            self._slugs[slug(ap_id)] = slug(self.item(ap_id))
        for person in sorted(people, key=lambda person: person.ap_id):
            self._take(person)
        lengths: dict[str, set[int]] = defaultdict(set)
        for phrase in self._phrases:
            lengths[phrase[:SHORTEST]].add(len(phrase))
        self._lengths = {beginning: sorted(found, reverse=True) for beginning, found in lengths.items()}
        letters = "".join(sorted({beginning[0] for beginning in lengths}))
        self._beginnings = re.compile(f"[{re.escape(letters)}]") if letters else None
        # Without the signs in it, which word it is.
        self._bare = {_SIGNS_BETWEEN.sub("", word): word for word in sorted(self._words)}
        self._ordinary = {name for name in self._words if len(name) < SHORTEST or (usage and usage.is_ordinary(name))}

    def _take(self, person: NamedPerson) -> None:
        ap_id, name = self.person(person.ap_id)
        self._people[person.ap_id.lower()] = ap_id
        self._handles[f"{person.name}@{host_in(person.ap_id)}".lower()] = name
        for word in word_names(person):
            self._words.setdefault(word, name)
        shown = _lowered(" ".join(person.display_name.split()))
        is_word = WORD.fullmatch(shown) and not UNSPACED.search(shown)
        if len(shown) >= SHORTEST and not is_word and any(letter.isalnum() for letter in shown):
            self._phrases.setdefault(shown, name)

    # ------------------------------------------------------------------------------------------------ identities

    def _code(self, kind: str, text: str, length: int = _LENGTH) -> str:
        made = hmac_digest(self._key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), sha256)
        return b32encode(made).decode("ascii").lower()[:length]

    def person(self, ap_id: str) -> tuple[str, str]:
        """The (ap_id, name) of whoever has this ap_id."""
        name = f"person-{self._code('person', ap_id.lower())}"
        return f"https://{HOST}/u/{name}", name

    def community(self, ap_id: str) -> tuple[str, str]:
        """The (ap_id, name) of the community that has this ap_id."""
        name = f"community-{self._code('community', ap_id.lower())}"
        return f"https://{HOST}/c/{name}", name

    def item(self, ap_id: str) -> str:
        """The ap_id of what has this one: a post or a comment."""
        kind = "comment" if "/comment/" in ap_id else "post"
        return f"https://{HOST}/{kind}/{self._code('item', ap_id, 16)}"

    @property
    def remaining(self) -> Remaining:
        """What was left so far."""
        return Remaining(names=len(self._left), occurrences=self._left.total())

    # ------------------------------------------------------------------------------------------------ texts

    def html(self, html: str) -> str:
        """Sanitised HTML with everybody named anew, in what is read and in addresses."""
        return rename_in_html(html, self.text) if html else html

    def text(self, text: str) -> str:
        """Markdown, plain text, a title or an address with everybody named anew."""
        if not text:
            return text
        text = self._without_marks(text)
        if self._concerns(text):
            text = self._without_names(text)
        return self._without_hosts(text) if self._coarse else text

    def _without_names(self, text: str) -> str:
        if self._beginnings is not None:
            text = self._without_phrases(text)
        return _ADDRESS.sub(self._renamed, _SPEAKER.sub(self._speaker, text))

    def _without_marks(self, text: str) -> str:
        """
        Names that are written with something between their letters: signs that are not seen, or signs that are.

        Only where a whole word is one without them, and that is no ordinary word of the texts.
        """
        seen = appearance(text)
        parts: list[str] = []
        at = 0
        for match in (_MARKED if seen.text == text and text.isascii() else _READ).finditer(seen.text):
            word = match[0].strip("_")
            if not word:
                continue
            first = match.start() + match[0].index(word)
            start, end = seen.place(first, first + len(word))
            name = self._marked(word, text[start:end])
            if name is not None and start >= at:
                parts += (text[at:start], name)
                at = end
        return "".join([*parts, text[at:]]) if parts else text

    def _marked(self, read: str, written: str) -> str | None:
        # What is percent-encoded is part of an address, and read as such.
        if "%" in written or len(read) > _LONGEST_MARKED or _PSEUDONYM.fullmatch(read):
            return None
        looks, plain = look_alike(read).lower(), written.replace("\\", "").lower()
        if plain in self._words:
            return None
        word = looks if looks in self._words else self._bare.get(_SIGNS_BETWEEN.sub("", looks), "")
        # Without signs, and in its own letters, a word is another one.
        is_marked = looks != plain or _SIGNS_BETWEEN.search(looks) is not None
        return self._words.get(word) if is_marked and word not in self._ordinary else None

    def _without_hosts(self, text: str) -> str:
        """Whatever leads to a server of the archive, or names one."""
        text = _HOSTED.sub(self._elsewhere, text) if "." in text or "//" in text else text
        return _LOCAL_ITEM.sub(lambda match: f"{match[1]}{self._code('item', match[0], 16)}", text)

    def _elsewhere(self, match: re.Match[str]) -> str:
        host = host_in(f"https://{match['host'].rstrip('.')}")
        known = (
            host in self._instances or host.partition(":")[0] in self._hosts or host.partition(".")[2] in self._hosts
        )
        if not known:
            return match[0]
        if match["name"]:
            community = f"https://{host}/c/{match['name']}"
            return f"{self.community(community)[1]}@{HOST}"
        if not match["scheme"]:
            return HOST
        ends = match[0][len(match[0].rstrip(_ENDS)) :]
        return f"https://{HOST}/{self._code('address', match[0])}{ends}"

    def _concerns(self, text: str) -> bool:
        if "@" in text or "://" in text or "u/" in text or "/t/" in text or "c=" in text:
            return True
        if self._beginnings is not None and self._beginnings.search(_lowered(text)):
            return True
        return any(word in self._words for word in words_in(text))

    def _without_phrases(self, text: str) -> str:
        """Names of several words, and those that are no words at all."""
        lowered, at = _lowered(text), 0
        parts: list[str] = []
        if self._beginnings is None:
            return text
        for match in self._beginnings.finditer(lowered):
            start = match.start()
            if start < at:
                continue
            for length in self._lengths.get(lowered[start : start + SHORTEST], ()):
                end = start + length
                name = self._phrases.get(lowered[start:end])
                if name is not None and _is_whole(text, start, end):
                    parts += (text[at:start], name)
                    at = end
                    break
        return "".join([*parts, text[at:]])

    def _speaker(self, match: re.Match[str]) -> str:
        said = match["name"]
        plain = said.replace("\\", "").lower()
        name = self._words.get(plain) or self._words.get(plain.strip("_"))
        return match["mark"] + (name if name is not None else said)

    def _renamed(self, match: re.Match[str]) -> str:
        found = match.lastgroup
        if found == "word":
            return self._word(match[0])
        if found == "url":
            url = match[0].rstrip(_ENDS)
            return self._url(url) + match[0][len(url) :]
        if found in ("post_slug", "slug"):
            return self._slug(match[0])
        if found == "called":
            called = match["called"].replace("\\", "").lower()
            return f"@{self._words[called]}" if called in self._words else f"@{self._word(match['called'])}"
        name = (match["of"] or match["path"]).replace("\\", "")
        host = match["at"] or match["path_at"]
        before = "@" if match[0].startswith("@") else "/u/" if match["path"] else ""
        return before + self._who(name, host)

    def _who(self, name: str, host: str | None) -> str:
        """The new name of whoever has a name on a host; of a stranger by the ap_id that Lemmy would make."""
        if host is None:
            return self._words.get(name.lower()) or self.person(f"u/{name}")[1]
        host = host_in(f"https://{host}")
        return self._handles.get(f"{name}@{host}".lower()) or self.person(f"https://{host}/u/{name}")[1]

    def _slug(self, old: str) -> str:
        """A comment's slug is not known from its ap_id here: its link goes nowhere, and tells nothing."""
        return self._slugs.get(old) or self._code("slug", old, 16)

    # ------------------------------------------------------------------------------------------------ addresses

    def _url(self, url: str) -> str:
        if "%" in url:
            plain = unquote(url)
            renamed = self._url(plain) if "%" not in plain else plain
            return url if renamed == plain else quote(renamed, safe=":/?#[]@!$&'()*+,;=")
        if url.lower() in self._people:
            return self._people[url.lower()]
        if url in self._posts:
            return self.item(url)
        profile = _PROFILE.match(url)
        if profile is not None and self._is_somebody(profile):
            return f"https://{HOST}/u/{self._who(profile['name'], profile['at'] or profile['host'])}"
        return self._permalink(url) or WORD.sub(
            lambda match: self._word(match[0]), _SLUG_IN_URL.sub(lambda match: self._slug(match[0]), url)
        )

    def _is_somebody(self, profile: re.Match[str]) -> bool:
        """Only Lemmy and its kin say `/u/`; the other forms are used for much else."""
        known = profile["host"].lower() in self._instances or profile["name"].lower() in self._words
        return profile["kind"] == "u/" or bool(profile["at"]) or known

    def _permalink(self, url: str) -> str | None:
        try:
            place = thread_at(url)
        except UnsupportedURLError:
            return None
        if place.software:
            return self.item(place.canonical) if place.canonical in self._posts else None
        instance = next((host for host in (place.instance, place.fallback) if host in self._instances), None)
        if instance is None:
            return None
        kind, number = ("comment", place.comment_id) if place.comment_id is not None else ("post", place.post_id)
        return self.item(f"{place.scheme}://{instance}/{kind}/{number}")

    # ------------------------------------------------------------------------------------------------ words

    def _word(self, word: str) -> str:
        name = self._known(word)
        if name is not None:
            return name
        if not ("-" in word or "." in word) or _PSEUDONYM.fullmatch(word):
            return word
        parts, at = split_at_signs(word), 0
        renamed: list[str] = []
        while at < len(parts):
            end, name = self._longest(parts, at)
            renamed += (name, *parts[end : end + 1])
            at = end + 1
        return "".join(renamed)

    def _longest(self, parts: list[str], at: int) -> tuple[int, str]:
        """The longest run of a word's parts from `at` that is a name: its end, and the new name; else one part."""
        for end in range(min(len(parts), at + MOST_PARTS), at, -2):
            if name := self._known("".join(parts[at:end])):
                return end, name
        return at + 1, parts[at]

    def _known(self, word: str) -> str | None:
        """The new name of whom a word names, in the underscores that Markdown may have around it."""
        plain = word.replace("\\", "").lower()
        if plain not in self._words:
            plain = plain.strip("_")
        name = self._words.get(plain)
        if name is None:
            return None
        if plain in self._ordinary:
            self._left[plain] += 1
            return None
        around = "_" * (len(word) - len(word.lstrip("_"))), "_" * (len(word) - len(word.rstrip("_")))
        return name.join(around) if not plain.startswith("_") and not plain.endswith("_") else name


def _lowered(text: str) -> str:
    """`text` in lower case, letter for letter: the one letter that would become two (İ) stays."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether no word goes on across the edges of a phrase."""
    return not any(
        0 < edge < len(text) and text[edge - 1].isalnum() and text[edge].isalnum() and not UNSPACED.match(text[inside])
        for edge, inside in ((start, start), (end, end - 1))
    )
