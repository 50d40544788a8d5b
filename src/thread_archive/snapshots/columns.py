"""
The allow-list: what of each table a snapshot holds, and how it is made from the archive's row.

Every column of a shared table is named here, also those that stay empty, so that a column which a later release adds
is shared only when somebody has decided so. `t` is the archive's row, `row` its new number (`numbering`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from thread_archive.markup import RENDERER_VERSION

Columns = Mapping[str, str]

# The number of the instance that pseudonyms belong to; without pseudonyms there is none.
NOWHERE = "(SELECT max(new) FROM temp.instances_rows)"

# Tables of the archive that a snapshot does not have at all.
LEFT_OUT = frozenset({"exchange_bodies", "exchanges", "takedowns", "redaction_log"})
# Tables that readers of the archive ask, so that they are there, without a row: what was replaced is not shared.
# What servers say that are not believed is theirs to share; who asks not to be archived has no texts in here.
EMPTY = frozenset({"post_revisions", "comment_revisions", "article_revisions", "community_claims", "optouts"})


# Whether the title of `other`, a post of the archive that another one is posted across with, is still for everybody.
SHARED_TITLE = """other.title <> '' AND NOT other.restricted AND other.purged_at IS NULL AND other.gone_at IS NULL"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """
    How what names people is written: as it is, or through the SQL functions that `pseudonymising` registers.

    `source` says whether the threads' own addresses are given; `coarse`, which is for pseudonyms, that nothing is given
    by which a row could be looked up where it was published: days for times, no votes, no communities, no servers.
    """

    pseudonymised: bool = False
    source: bool = True
    coarse: bool = False

    def text(self, sql: str) -> str:
        """Text of any kind."""
        return f"pseudonymous_text({sql})" if self.pseudonymised else sql

    def html(self, sql: str) -> str:
        """Sanitised HTML."""
        return f"pseudonymous_html({sql})" if self.pseudonymised else sql

    def item(self, sql: str) -> str:
        """The ap_id of a post or comment."""
        return f"pseudonymous_item({sql})" if self.pseudonymised else sql

    def post(self, sql: str) -> str:
        """The ap_id of a thread's post."""
        return sql if self.source else self.item(sql)

    def person(self, sql: str) -> str:
        """The ap_id of a person."""
        return f"pseudonymous_person({sql})" if self.pseudonymised else sql

    def name(self, ap_id: str, name: str) -> str:
        """The name of a person."""
        return f"pseudonymous_name({ap_id})" if self.pseudonymised else name

    def unless(self, sql: str, otherwise: str) -> str:
        """`sql` where people keep their names, else `otherwise`."""
        return otherwise if self.pseudonymised else sql

    def time(self, sql: str) -> str:
        """A time: as midnight of its day where it is to tell the day alone."""
        return f"substr({sql}, 1, 10) || '{_MIDNIGHT}'" if self.coarse else sql

    def times(self, *names: str) -> dict[str, str]:
        """Columns of times."""
        return {name: self.time(f"t.{name}") for name in names}

    def fine(self, sql: str, otherwise: str = "NULL") -> str:
        """What tells one row from another by more than its text: `otherwise` where that is left out."""
        return otherwise if self.coarse else sql

    def fines(self, *names: str, otherwise: str = "NULL") -> dict[str, str]:
        """Columns of such."""
        return {name: self.fine(f"t.{name}", otherwise) for name in names}


_MIDNIGHT = "T00:00:00.000000Z"


def _same(*names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names}


def _row(table: str, column: str) -> str:
    return f"(SELECT new FROM temp.{table}_rows WHERE old = t.{column})"


def instances() -> Columns:
    """Servers, without when and how they were asked."""
    return {
        "id": "row.new",
        **_same("domain", "software", "version"),
        **dict.fromkeys(("base_url", "dialect", "site_exchange_id", "checked_at"), "NULL"),
    }


_VISIT = "kind <> 'snapshot' AND status IN ('complete', 'partial')"


def captures(wording: Wording) -> Columns:
    """Of each thread its latest finished visit, as far as a page tells of it; numbered as the threads are."""
    return {
        "id": "row.new",
        # An import that follows a visit has that one's account.
        "kind": f"coalesce((SELECT kind FROM main.captures WHERE post_id = t.post_id AND {_VISIT} LIMIT 1), t.kind)",
        "url": "t.url" if wording.source else "''",
        "post_id": "row.new",
        "status": "t.status",
        **wording.times("started_at"),
        "home": wording.fine("t.home"),
        "finished_at": "NULL",
        "owner": "NULL",
        "plan": "NULL",
        "receipt": "shared_receipt(t.receipt)",
    }


def communities(wording: Wording) -> Columns:
    """Communities that threads of the snapshot were posted in."""
    return {
        "id": "row.new",
        "ap_id": wording.fine("t.ap_id", "pseudonymous_community(t.ap_id)"),
        "name": wording.fine("t.name", "pseudonymous_community_name(t.ap_id)"),
        "title": wording.fine(wording.text("t.title"), "''"),
        "description": wording.fine(wording.text("t.description"), "''"),
        "instance_id": wording.fine(_row("instances", "instance_id"), NOWHERE),
        **_same("nsfw", "deleted", "removed", "visibility"),
        "capture_id": "row.capture",
        "told_by": "NULL",
    }


def people(wording: Wording) -> Columns:
    """Authors of what the snapshot holds; who asks not to be archived has no more than a name."""
    spoken = wording.unless("CASE WHEN row.silent THEN '' ELSE t.{} END", "''")
    return {
        "id": "row.new",
        "ap_id": wording.person("t.ap_id"),
        "name": wording.name("t.ap_id", "t.name"),
        "display_name": spoken.format("display_name"),
        "bio": spoken.format("bio"),
        "instance_id": wording.unless(_row("instances", "instance_id"), NOWHERE),
        **_same("is_bot", "deleted"),
        "capture_id": "row.capture",
        "told_by": "NULL",
    }


# Of the claims on a `person` what pages show: what the home of a shared thread says where the own server said nothing.
SHOWN_CLAIM = """person.told_by IS NOT person.instance_id AND (t.name, t.is_bot) IS NOT (person.name, person.is_bot)
AND t.instance_id IN (SELECT community.instance_id FROM temp.communities_rows AS shared
                      JOIN main.communities AS community ON community.id = shared.old)"""


def person_claims(wording: Wording) -> Columns:
    """How homes of the shared threads call people otherwise, and nothing else of what they say."""
    return {
        "person_id": "row.new",
        "instance_id": _row("instances", "instance_id"),
        "name": wording.name("person.ap_id", "t.name"),
        "display_name": "''",
        "bio": "''",
        **_same("is_bot", "deleted"),
        "capture_id": "row.capture",
    }


def _spoken(sql: str, otherwise: str = "''") -> str:
    return f"CASE WHEN row.silent OR t.deleted OR t.removed THEN {otherwise} ELSE {sql} END"


def _rendered(sql: str) -> str:
    """What was made of a text, where this release would make the same: pages render the text where there is none."""
    return f"CASE WHEN t.derived % 1000 = {RENDERER_VERSION} THEN {sql} END"


def posts(wording: Wording) -> Columns:
    """Threads' opening items; a title stays as long as the archive shows it, a body only while nobody took it back."""
    own = {name: f"CASE WHEN row.silent THEN '' ELSE {wording.text(f't.{name}')} END" for name in ("title", "alt_text")}
    preview = {name: wording.text(f"t.{name}") for name in ("embed_title", "embed_description")}
    return {
        "id": "row.new",
        "ap_id": wording.post("t.ap_id"),
        "community_id": _row("communities", "community_id"),
        "creator_id": _row("people", "creator_id"),
        **own,
        "url": wording.text("t.url"),
        "body": _spoken(wording.text("t.body")),
        "body_text": _spoken(_rendered(wording.text("t.body_text")), "NULL"),
        "body_html": _spoken(_rendered(wording.html("t.body_html")), "NULL"),
        **wording.times("published_at", "edited_at"),
        **_same("deleted", "removed", "locked", "nsfw", "featured", "language"),
        **preview,
        "thumbnail_url": wording.unless("t.thumbnail_url", "''"),
        **wording.fines("is_moderator", "is_admin", otherwise="0"),
        **wording.fines("score", "upvotes", "downvotes"),
        "derived": "t.derived",
        "slug": "t.slug" if wording.source else f"shared_slug({wording.post('t.ap_id')})",
        **wording.fines("advertised", "purged_by"),
        **_same("restricted", "clamped"),
        **wording.times("purged_at", "gone_at"),
        "attested_by": wording.unless("t.attested_by", "NULL"),
        "capture_id": "row.new",
    }


def comments(wording: Wording) -> Columns:
    """Comments and gaps; one that only a login showed is a gap, unless it is asked for."""
    shown = "CASE WHEN row.gap IS NOT NULL THEN {1} ELSE {0} END".format
    maybe = wording.times("edited_at") | wording.fines("score", "upvotes", "downvotes")
    none = {name: shown(sql, "NULL") for name, sql in maybe.items()}
    marks = _same("deleted", "removed", "restricted")
    marks |= wording.fines("distinguished", "is_moderator", "is_admin", otherwise="0")
    zero = {name: shown(sql, "0") for name, sql in marks.items()}
    return {
        "id": "row.new",
        "ap_id": shown(wording.item("t.ap_id"), "NULL"),
        "post_id": "row.post",
        "parent_id": _row("comments", "parent_id"),
        "path": "thread_path(row.new, t.depth)",
        **_same("position", "depth"),
        "creator_id": shown(_row("people", "creator_id"), "NULL"),
        "body": shown(_spoken(wording.text("t.body")), "''"),
        "body_text": shown(_spoken(_rendered(wording.text("t.body_text")), "NULL"), "NULL"),
        "body_html": shown(_spoken(_rendered(wording.html("t.body_html")), "NULL"), "NULL"),
        **wording.times("published_at"),
        **none,
        **zero,
        "language": shown("t.language", "'und'"),
        "derived": "t.derived",
        "missing_reason": shown("t.missing_reason", "row.gap"),
        **{name: shown(sql, "NULL") for name, sql in wording.times("gone_at", "purged_at").items()},
        "purged_by": shown(wording.fine("t.purged_by"), "NULL"),
        **_same("misplaced", "clamped"),
        "attested_by": shown(wording.unless("t.attested_by", "NULL"), "NULL"),
        "unconfirmed": shown("t.unconfirmed", "0"),
        "capture_id": "row.post",
    }


def cross_posts(wording: Wording) -> Columns:
    """Other posts of the same link."""
    return {
        "post_id": "row.new",
        "ap_id": wording.item("t.ap_id"),
        "title": f"CASE WHEN row.silent THEN '' ELSE {wording.text('t.title')} END",
        **_same("community_ap_id", "community_name"),
        "instance_id": wording.unless(_row("instances", "instance_id"), NOWHERE),
    }


def local_ids() -> Columns:
    """By which number each server knows an item."""
    return {
        "instance_id": "row.new",
        **_same("of_comment", "local_id"),
        "post_id": "post.new",
        "comment_id": "comment.new",
        "withdrawn": "t.withdrawn",
    }


def scores(item: str, capture: str) -> Columns:
    """Votes as each server counted them last; `item` is the new number of what is voted on, in a new `capture`."""
    return {
        "item": item,
        "instance_id": _row("instances", "instance_id"),
        "capture_id": capture,
        **_same("score", "upvotes", "downvotes"),
    }


def articles(wording: Wording) -> Columns:
    """Readable texts of linked pages and of long bodies."""
    told = {name: wording.text(f"t.{name}") for name in ("reason", "title", "byline")}
    addresses = {name: wording.text(f"t.{name}") for name in ("url", "final_url", "redirects", "canonical_url")}
    return {
        "id": "row.new",
        "post_id": "row.post",
        "is_body": "row.is_body",
        **_same("is_page", "status", "robots_ignored", "site", "published_by", "language", "licence"),
        **_same("robots", "words", "extractor", "extractor_version"),
        **wording.times("published_at", "fetched_at"),
        **told,
        **addresses,
        "html": wording.html("t.html"),
        "exchange_id": "NULL",
        "capture_id": "row.post",
    }


def article_paragraphs(wording: Wording) -> Columns:
    """Articles' blocks as plain text."""
    return {
        "id": "row.new",
        "article_id": "row.article",
        **_same("number", "kind", "level"),
        "text": wording.text("t.text"),
    }


def links(wording: Wording) -> Columns:
    """Links and mentions in what is shared."""
    return {
        "id": "row.new",
        "post_id": "row.post",
        "comment_id": "row.comment",
        "paragraph_id": "row.paragraph",
        "kind": "t.kind",
        "url": wording.text("t.url"),
        "domain": wording.unless("t.domain", f"shared_domain({wording.text('t.url')})"),
        "text": wording.text("t.text"),
        "position": wording.unless("t.position", "CASE WHEN t.position IS NOT NULL THEN 0 END"),
    }


def quotes() -> Columns:
    """Who quotes whom."""
    return {
        "id": "row.new",
        "post_id": "row.post",
        "comment_id": "row.comment",
        **_same("start", "end", "marked", "target_kind", "target_start", "target_end", "score"),
        "target_comment_id": "row.target_comment",
        "target_paragraph_id": "row.target_paragraph",
    }
