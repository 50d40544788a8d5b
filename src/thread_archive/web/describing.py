"""What Datasette's own pages say of an archive's tables, how they sort and narrow them, and their queries."""

from collections.abc import Mapping
from typing import Any

from thread_archive.store.descriptions import DESCRIPTIONS

# How a table is shown: Datasette's own keys.
_SHOWN: Mapping[str, Mapping[str, Any]] = {
    "posts": {"label_column": "title", "sort_desc": "published_at", "facets": ["community_id", "deleted", "removed"]},
    "comments": {"sort_desc": "published_at", "facets": ["deleted", "removed", "missing_reason"]},
    "people": {"label_column": "name", "sort": "name", "facets": ["instance_id", "is_bot"]},
    "communities": {"label_column": "name", "sort": "name", "facets": ["instance_id"]},
    "instances": {"label_column": "domain", "sort": "domain", "facets": ["software"]},
    "articles": {"label_column": "title", "sort_desc": "fetched_at", "facets": ["site", "status"]},
    "article_paragraphs": {"sort": "id"},
    "links": {"sort": "id", "facets": ["kind", "domain"]},
    "quotes": {"sort": "id", "facets": ["target_kind"]},
    "captures": {"label_column": "url", "sort_desc": "started_at", "facets": ["status", "kind"]},
    "exchanges": {"label_column": "url", "sort": "id", "facets": ["purpose", "status"]},
    # Without both of these Datasette answers `_search` with all rows.
    "search_content": {"fts_table": "search_fts", "fts_pk": "id"},
}

QUERIES: Mapping[str, Mapping[str, str]] = {
    "most_active_people": {
        "title": "Most active people",
        "description": "Who wrote most comments, and in how many threads.",
        "sql": """select people.name, instances.domain as instance, count(*) as comments,
  count(distinct comments.post_id) as threads, sum(comments.score) as score
from comments join people on people.id = comments.creator_id join instances on instances.id = people.instance_id
group by people.id order by comments desc, people.name limit 100""",
    },
    "longest_threads": {
        "title": "Longest threads",
        "description": "Threads by their comments, with how deep they go and how long they went on.",
        "sql": """select posts.title, communities.name as community, instances.domain as instance,
  count(comments.ap_id) as comments, max(comments.depth) as deepest, min(comments.published_at) as first,
  max(comments.published_at) as last, '/t/' || posts.slug as page
from posts join communities on communities.id = posts.community_id
join instances on instances.id = communities.instance_id left join comments on comments.post_id = posts.id
group by posts.id order by comments desc, posts.id limit 100""",
    },
    "links_by_domain": {
        "title": "Links by domain",
        "description": "Which sites are linked most, by how many people, in how many threads.",
        "sql": """select links.domain, count(*) as links, count(distinct links.post_id) as threads,
  count(distinct coalesce(comments.creator_id, posts.creator_id)) as people
from links join posts on posts.id = links.post_id left join comments on comments.id = links.comment_id
where links.kind in ('link', 'image') and links.paragraph_id is null
group by links.domain order by links desc, links.domain limit 200""",
    },
    "most_quoted_passages": {
        "title": "Most quoted passages",
        "description": "Passages of articles and comments, by how many people quote them.",
        "sql": """select count(distinct coalesce(quoting.creator_id, posts.creator_id)) as people,
  quotes.target_kind as kind,
  coalesce(article_paragraphs.text, substr(target.body, quotes.target_start + 1,
    quotes.target_end - quotes.target_start)) as passage, posts.title as thread, '/t/' || posts.slug as page
from quotes join posts on posts.id = quotes.post_id left join comments as quoting on quoting.id = quotes.comment_id
left join article_paragraphs on article_paragraphs.id = quotes.target_paragraph_id
left join comments as target on target.id = quotes.target_comment_id
group by quotes.post_id, quotes.target_kind, coalesce(quotes.target_paragraph_id, quotes.target_comment_id)
order by people desc, quotes.post_id limit 100""",
    },
}


def metadata() -> dict[str, Any]:
    """Datasette's metadata of an archive: a sentence for every table and column, labels, sorts, facets, search."""
    tables: dict[str, dict[str, Any]] = {
        table: {
            "description": columns[""],
            "columns": {column: sentence for column, sentence in columns.items() if column},
        }
        for table, columns in DESCRIPTIONS.items()
    }
    for table, shown in _SHOWN.items():
        tables[table] |= shown
    return {"tables": tables}
