"""
What is to stay out of an archive: salted digests of ap_ids, so that the list does not name what it hides.

It hides from a glance. Whoever has the archive, and with it the salt, can still ask of any ap_id whether it is listed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest as hmac_digest

from thread_archive.mentions import Question, mentions
from thread_archive.urls import host_in

# What stands in the place of erased text.
MARK = "[redacted]"
POST, COMMENT, PERSON, MENTION = "post", "comment", "person", "mention"
# An item of which a passage is listed, and, with its length, such a passage.
QUOTING, _PASSAGE = "quoting", "passage of "
_ALIAS_LENGTH = 16
_ALIAS = re.compile(rf"https?://[^/\s]+/u/redacted-([0-9a-f]{{{_ALIAS_LENGTH}}})")
_MEMO = 200_000
# What is left of one mention may make another one with what stands beside it.
_MOST_PASSES = 3

# A profile's address as Lemmy, Mbin, PieFed, Mastodon and others write it, on its own server or on another one.
_PROFILE = re.compile(
    r"https?://(?P<on>[^/\s]+)/(?:u/|users?/|profile/|accounts?/|(?=@))@?(?P<of>[\w.-]+)(?:@(?P<at>[^/@\s]+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """What a person on the list is called instead: the same for all time, and at the same host."""

    ap_id: str
    name: str


def handle(name: str, host: str) -> str:
    """How a person is mentioned everywhere: `@name@host`."""
    return f"@{_unescaped(name)}@{host_in(f'https://{host}')}".lower()


def here(name: str) -> str:
    """How a person is mentioned on their own server, and anybody of that name on another: `/u/name`."""
    return f"/u/{_unescaped(name)}".lower()


def quotation(ap_id: str, passage: str) -> tuple[tuple[str, str], ...]:
    """The entries by which a `passage` of the item `ap_id`, taken from something that is listed, is kept out."""
    return (QUOTING, f"{QUOTING} {ap_id}"), (f"{_PASSAGE}{len(passage)}", f"{ap_id} {passage}")


def _unescaped(name: str) -> str:
    return name.replace("\\", "")


class Takedowns:
    """
    A takedown list: the kind of each of `digests`, which are keyed with the archive's `salt`.

    False where it is empty.
    """

    def __init__(self, salt: bytes, digests: Mapping[str, str]) -> None:
        self._salt = salt
        self._digests = dict(digests)
        self._aliases = {digest[:_ALIAS_LENGTH] for digest, kind in digests.items() if kind in (PERSON, MENTION)}
        lengths = {int(kind.removeprefix(_PASSAGE)) for kind in digests.values() if kind.startswith(_PASSAGE)}
        # The longest first: one passage may hold another.
        self._lengths = sorted(lengths, reverse=True)
        self._memo: dict[str, str | None] = {}
        self._question = Question(person=self._is_listed, address=self._is_listed_profile)

    def __len__(self) -> int:
        return len(self._digests)

    def same_as(self, other: "Takedowns") -> bool:
        """Whether both list the same."""
        return (self._salt, self._digests) == (other._salt, other._digests)

    def digest(self, text: str) -> str:
        """HMAC-SHA-256 of `text` (an ap_id; letters' case does not matter), in hexadecimal."""
        return hmac_digest(self._salt, text.lower().encode("utf-8", "surrogatepass"), sha256).hex()

    def kind(self, ap_id: str) -> str | None:
        """
        As what `ap_id` (or a handle) is listed, None where it is not.

        A person who is listed as mentioned only is listed under each address that a profile may have, and an alias as
        the person it stands for.
        """
        try:
            return self._memo[ap_id]
        except KeyError:
            pass
        found = self._digests.get(self.digest(ap_id))
        if found is None and (self._is_alias(ap_id) or self._digest_as_mentioned(ap_id) in self._digests):
            found = PERSON
        if len(self._memo) >= _MEMO:
            self._memo.clear()
        self._memo[ap_id] = found
        return found

    def covers(self, ap_id: str) -> bool:
        """Whether a post, comment or person is to stay out."""
        return bool(self._digests) and self.kind(ap_id) is not None

    def alias(self, ap_id: str) -> Alias:
        """What the listed person `ap_id` is called; the alias of an alias is itself."""
        if not self._is_alias(ap_id):
            digest = self.digest(ap_id)
            if digest not in self._digests:
                digest = self._digest_as_mentioned(ap_id)
            ap_id = f"{ap_id.partition('://')[0]}://{host_in(ap_id)}/u/redacted-{digest[:_ALIAS_LENGTH]}"
        return Alias(ap_id=ap_id, name=ap_id.rpartition("/")[2])

    def _is_alias(self, ap_id: str) -> bool:
        alias = _ALIAS.fullmatch(ap_id)
        return alias is not None and alias[1] in self._aliases

    def _digest_as_mentioned(self, ap_id: str) -> str:
        profile = _PROFILE.fullmatch(ap_id)
        host = profile and (profile["at"] or profile["on"])
        return self.digest(handle(profile["of"], host) if profile and host else ap_id)

    def rewrite(self, text: str, ap_id: str | None = None) -> str:
        """
        `text` with MARK for every mention of a listed person: `@name@host` and addresses of the profile; of the item
        with that `ap_id` also for its listed quotations.
        """
        if self._lengths and ap_id and self.digest(f"{QUOTING} {ap_id}") in self._digests:
            text = self._without_quotations(text, ap_id)
        for _ in range(_MOST_PASSES if self._aliases else 0):
            new = self._without_mentions(text)
            if new == text:
                break
            text = new
        return text

    def _without_mentions(self, text: str) -> str:
        parts: list[str] = []
        at = 0
        for start, end in mentions(text, self._question):
            parts += (text[at:start], MARK)
            at = end
        return "".join((*parts, text[at:])) if parts else text

    def _without_quotations(self, text: str, ap_id: str) -> str:
        for length in self._lengths:
            at = 0
            while at + length <= len(text):
                if self.digest(f"{ap_id} {text[at : at + length]}") in self._digests:
                    text = text[:at] + MARK + text[at + length :]
                at += 1
        return text

    def _is_listed(self, name: str, host: str | None) -> bool:
        return self.kind(handle(name, host) if host else here(name)) is not None

    def _is_listed_profile(self, address: str) -> bool:
        return any(self.kind(f"{scheme}://{address}") == PERSON for scheme in ("https", "http"))
