"""
What is to stay out of an archive: salted digests of ap_ids, so that the list does not name what it hides.

It hides from a glance. Whoever has the archive, and with it the salt, can still ask of any ap_id whether it is listed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest as hmac_digest

# What stands in the place of erased text.
MARK = "[redacted]"
POST, COMMENT, PERSON, MENTION = "post", "comment", "person", "mention"
_ALIAS_LENGTH = 16
_ALIAS = re.compile(rf"https?://[^/\s]+/u/redacted-([0-9a-f]{{{_ALIAS_LENGTH}}})")
_MEMO = 200_000

_NAME = r"[\w-]+(?:\.[\w-]+)*"
_HOST = r"[\w-]+(?:\.[\w-]+)*(?::\d{1,5})?"


def _profile(group: str) -> str:
    """A profile's address as Lemmy, Mbin, PieFed and Mastodon write it, on its own server or on another one."""
    at = rf"(?:@(?P<{group}at>{_HOST}))?"
    return rf"https?://(?P<{group}on>{_HOST})/(?:u/|users?/|@)(?P<{group}of>{_NAME}){at}"


_MENTION = re.compile(
    rf"\[[^\[\]\n]{{0,200}}\]\({_profile('linked_')}/?\)"
    rf"|{_profile('bare_')}"
    rf"|(?<![\w/.-])(?:@|/?u/)?(?P<of>{_NAME})@(?P<at>{_HOST})"
)


_PROFILE = re.compile(_profile(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """What a person on the list is called instead: the same for all time, and at the same host."""

    ap_id: str
    name: str


def handle(name: str, host: str) -> str:
    """How a person is mentioned everywhere: `@name@host`."""
    return f"@{name}@{host}".lower()


def host_in(ap_id: str) -> str:
    """The host, with its port, of an ap_id."""
    return ap_id.partition("://")[2].partition("/")[0].lower()


class Takedowns:
    """
    A takedown list: `digests` by kind (`post`, `comment`, `person`, `mention`), keyed with the archive's `salt`.

    False where it is empty.
    """

    def __init__(self, salt: bytes, digests: Mapping[str, str]) -> None:
        self._salt = salt
        self._digests = dict(digests)
        self._aliases = {digest[:_ALIAS_LENGTH] for digest, kind in digests.items() if kind in (PERSON, MENTION)}
        self._memo: dict[str, str | None] = {}

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
        return self.digest(handle(profile["of"], profile["at"] or profile["on"]) if profile else ap_id)

    def rewrite(self, text: str) -> str:
        """`text` with MARK for every mention of a listed person: `@name@host` and addresses of the profile."""
        if not self._aliases or not ("@" in text or "://" in text):
            return text
        return _MENTION.sub(self._marked, text)

    def _marked(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        for prefix in ("linked_", "bare_", ""):
            name = groups[f"{prefix}of"]
            if name:
                host = groups[f"{prefix}at"] or groups[f"{prefix}on"]
                return MARK if self.kind(handle(name, host)) else match[0]
        return match[0]
