"""A sentence for every table and column: the one source of the documentation's and of Datasette's."""

from collections.abc import Mapping

_ID = "Row id; means nothing outside this archive."
_AP_ID = "The ActivityPub id, a URL: the same on every server."
_DELETED = "1 where its author took it back."
_REMOVED = "1 where a moderator took it back."
_EDITED = "When it was edited last, in UTC; NULL where it never was."
_LANGUAGE = "BCP 47 tag of its language by the server's own list; `und` where nobody said."
_SCORE = "Upvotes less downvotes, as the thread's home counts them."
_UP = "Upvotes, as the thread's home counts them."
_DOWN = "Downvotes, as the thread's home counts them."
_CAPTURE = "The capture that saw this state first."
_PUBLISHED = "When it was published, in UTC (ISO 8601)."
_RESTRICTED = "1 where only a login showed it: left out of what is published."
_BODY = "Its text in Markdown, as the server gave it; empty where withdrawn."
_TEXT = "Its plain text, for the index; NULL where that is the same as `body`."
_HTML = "Its text as HTML; NULL until a release that renders it."
_DISTINGUISHED = "1 where a moderator spoke as one."
_MODERATOR = "1 where its author moderates the community."
_ADMIN = "1 where its author is an admin of the instance."

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "instances": {
        "": "Servers: those that were asked, and those that people, communities and posts belong to.",
        "id": _ID,
        "domain": "Host in lower case, with its port where that is not the scheme's own.",
        "base_url": "Where its API was asked; NULL where it never was.",
        "software": "What it was found to run, in its own words.",
        "version": "The version of that, in its own words.",
        "dialect": "The API it was asked in.",
        "site_exchange_id": "The answer in which it told about itself, its languages and admins.",
        "checked_at": "When it was found to run that; remembered for a day.",
    },
    "captures": {
        "": "Visits: what was asked about one thread at one time.",
        "id": _ID,
        "kind": "`visit`: made through servers' APIs.",
        "url": "The thread's address, in its canonical form.",
        "post_id": "The thread; NULL while the visit goes on, and where it gave none.",
        "status": "`open`, `complete`, `partial`, `failed` or `interrupted`.",
        "started_at": "When its first question was asked, in UTC.",
        "finished_at": "When it ended, in UTC.",
        "owner": "Host and process of whoever is at it; NULL when it has ended.",
        "home": "The instance of the thread's community, where that answered.",
        "plan": "Which instances answered, in which dialect: what is needed to read the answers again (JSON).",
        "receipt": "The account of every comment, as `add --json` printed it (JSON).",
    },
    "exchanges": {
        "": "The evidence: every request of a capture and its answer.",
        "id": _ID,
        "capture_id": "The visit it belongs to.",
        "instance_id": "The server that was asked.",
        "purpose": "`discovery` (what the server runs) or `thread`.",
        "method": "The HTTP method.",
        "url": "What was asked for.",
        "final_url": "Where redirects ended; NULL where there were none.",
        "status": "The HTTP status of the answer.",
        "headers": "The answer's headers that can tell something later (JSON).",
        "requested_at": "When it was asked, in UTC.",
        "logged_in": "1 where it was asked with a login.",
        "wire_bytes": "How many bytes came over the network.",
        "withheld": "JSON pointers to what was blanked before storing: withdrawn text, and what only a login adds.",
        "body_id": "The answer's body.",
    },
    "exchange_bodies": {
        "": "Bodies of answers, each kept once.",
        "id": _ID,
        "digest": "SHA-256 of the body as stored (before compression).",
        "size": "Its length in bytes, before compression.",
        "body": "The body, compressed with Zstandard.",
    },
    "communities": {
        "": "Communities that threads were posted in.",
        "id": _ID,
        "ap_id": _AP_ID,
        "name": "Its name, unique on its instance.",
        "title": "The name it shows.",
        "description": "What it says of itself, in Markdown.",
        "instance_id": "Its instance: the home of its threads.",
        "nsfw": "1 where it is marked as not safe for work.",
        "deleted": _DELETED,
        "removed": "1 where an admin took it down.",
        "visibility": "Who may see it, in Lemmy's words (`public`, `local_only`, `private`, `hidden` …).",
        "capture_id": _CAPTURE,
    },
    "people": {
        "": "Accounts that wrote posts or comments.",
        "id": _ID,
        "ap_id": _AP_ID,
        "name": "Its name, unique on its instance.",
        "display_name": "The name it shows; empty where it shows the other.",
        "bio": "What it says of itself, in Markdown.",
        "instance_id": "Its instance.",
        "is_bot": "1 where it says that it is a bot.",
        "deleted": "1 where the account was deleted.",
        "capture_id": _CAPTURE,
    },
    "posts": {
        "": "Threads' opening items, in their current state.",
        "id": _ID,
        "ap_id": _AP_ID,
        "community_id": "The community it was posted in.",
        "creator_id": "Who posted it; NULL where no server told.",
        "title": "Its title; empty where it is withdrawn and no server shows it any more.",
        "url": "The link it is about; empty where there is none.",
        "body": _BODY,
        "body_text": _TEXT,
        "body_html": _HTML,
        "published_at": _PUBLISHED,
        "edited_at": _EDITED,
        "deleted": _DELETED,
        "removed": _REMOVED,
        "locked": "1 where nobody may answer any more.",
        "nsfw": "1 where it is marked as not safe for work.",
        "featured": "1 where it is pinned.",
        "language": _LANGUAGE,
        "alt_text": "What its image shows, in its author's words.",
        "embed_title": "The title of the linked page, as the server previewed it.",
        "embed_description": "The description of the linked page, as the server previewed it.",
        "thumbnail_url": "Where the server keeps a small picture of it; the picture is not archived.",
        "is_moderator": _MODERATOR,
        "is_admin": _ADMIN,
        "score": _SCORE,
        "upvotes": _UP,
        "downvotes": _DOWN,
        "advertised": "How many comments, withdrawn ones left out, the server counted.",
        "restricted": _RESTRICTED,
        "capture_id": _CAPTURE,
    },
    "comments": {
        "": "Comments in their current state, and gaps: places that somebody named and nobody filled.",
        "id": _ID,
        "ap_id": f"{_AP_ID} NULL for a gap.",
        "post_id": "The thread's post.",
        "parent_id": "The comment it answers; NULL where it answers the post.",
        "path": "Row ids from the top, sortable: a subtree is what lies from `path` to `path || '~'`.",
        "position": "Its rank in the thread, depth first, from 0.",
        "depth": "How deep it stands; 1 where it answers the post.",
        "creator_id": "Who wrote it; NULL for a gap.",
        "body": _BODY,
        "body_text": _TEXT,
        "body_html": _HTML,
        "published_at": "When it was published, in UTC; for a gap, when the oldest answer to it was.",
        "edited_at": _EDITED,
        "deleted": _DELETED,
        "removed": _REMOVED,
        "distinguished": _DISTINGUISHED,
        "language": _LANGUAGE,
        "is_moderator": _MODERATOR,
        "is_admin": _ADMIN,
        "score": _SCORE,
        "upvotes": _UP,
        "downvotes": _DOWN,
        "missing_reason": "Why nothing is here, for a gap; NULL for a comment.",
        "gone_at": "Since when every server that had shown it has not; NULL while one does.",
        "restricted": _RESTRICTED,
        "capture_id": _CAPTURE,
    },
    "cross_posts": {
        "": "Other posts of the same link, as servers listed them beside a post.",
        "post_id": "The post beside which it was listed.",
        "ap_id": _AP_ID,
        "title": "Its title.",
        "community_ap_id": "The community it was posted in.",
        "community_name": "That community's name.",
        "instance_id": "The instance that its ap_id names.",
    },
    "local_ids": {
        "": "By which number each server knows a post or comment.",
        "instance_id": "The server.",
        "kind": "`post` or `comment`.",
        "local_id": "Its number there.",
        "post_id": "The post that is meant; NULL for a comment.",
        "comment_id": "The comment or gap that is meant; NULL for a post.",
        "withdrawn": "`deleted` or `removed` where that server marks it so.",
    },
    "post_revisions": {
        "": "States of posts that were replaced; the current one is in `posts`.",
        "post_id": "The post.",
        "digest": "What the state is known by: 128 bits of SHA-256 over it.",
        "capture_id": _CAPTURE,
        "title": "Its title then.",
        "url": "Its link then.",
        "body": "Its text then.",
        "edited_at": "When it had been edited last.",
        "deleted": _DELETED,
        "removed": _REMOVED,
        "locked": "1 where nobody could answer.",
        "nsfw": "1 where it was marked as not safe for work.",
        "featured": "1 where it was pinned.",
        "language": _LANGUAGE,
        "alt_text": "What its image showed.",
        "embed_title": "The previewed title of the linked page.",
        "embed_description": "The previewed description of the linked page.",
    },
    "comment_revisions": {
        "": "States of comments that were replaced; the current one is in `comments`.",
        "comment_id": "The comment.",
        "digest": "What the state is known by: 128 bits of SHA-256 over it.",
        "capture_id": _CAPTURE,
        "body": "Its text then.",
        "edited_at": "When it had been edited last.",
        "deleted": _DELETED,
        "removed": _REMOVED,
        "distinguished": _DISTINGUISHED,
        "language": _LANGUAGE,
    },
    "scores": {
        "": "Votes as each server counts them: a row where a value differs from that server's last one.",
        "post_id": "The post voted on; NULL for a comment.",
        "comment_id": "The comment voted on; NULL for a post.",
        "instance_id": "The server that counts.",
        "capture_id": "The capture that saw the value first.",
        "score": "Upvotes less downvotes.",
        "upvotes": "Upvotes.",
        "downvotes": "Downvotes.",
    },
    "search_items": {
        "": "What is in the index.",
        "id": "The row of `search_fts`: four times the row id, and the kind.",
        "kind": "`post` or `comment`.",
        "post_id": "The post; NULL for a comment.",
        "comment_id": "The comment; NULL for a post.",
    },
    "search_content": {
        "": "The texts that the index was made from, as a view.",
        "id": "The row of `search_items` and `search_fts`.",
        "body": "Plain text of the item.",
        "title": "The title, of a post.",
        "scope": "Tokens to narrow a search by: t (thread), c (community), u (person) with a row id, k with the kind.",
    },
    "search_fts": {
        "": "The full-text index (FTS5) over posts and comments.",
        "body": "Plain text of the item.",
        "title": "The title, of a post.",
        "scope": "Tokens to narrow a search by, as in `search_content`.",
    },
}


def schema_tables() -> str:
    """Markdown: every table with its columns and their sentences."""
    parts = []
    for table, columns in DESCRIPTIONS.items():
        rows = [f"| `{column}` | {sentence} |" for column, sentence in columns.items() if column]
        parts.append("\n".join([f"### `{table}`", "", columns[""], "", "| column | |", "|---|---|", *rows]))
    return "\n\n".join(parts)
