"""
The recorded exchanges and their truth (`fixtures/captures`), and Worlds that answer as those servers did.

What the loaders give is read once and shared: not to be changed.
"""

import copy
import functools
import json
import lzma
from datetime import datetime
from typing import Any

from fake_lemmy.about import FIXTURES
from fake_lemmy.recorded import Seen, comment_of, comment_of_truth, community_of, first, person_of, post_of, zoned
from fake_lemmy.world import Account, Instance, World

Json = dict[str, Any]
NAMES = ("lemmy-0.18.5", "lemmy-0.19.20", "lemmy-1.0.0-beta.1", "mirrored-home", "mirrored-mirror")
VERSIONS = {
    "lemmy-0.18.5": ("0.18.5", "lemmy18.test:8535"),
    "lemmy-0.19.20": ("0.19.20", "lemmy19.test:8536"),
    "lemmy-1.0.0-beta.1": ("1.0.0-beta.1", "lemmy10.test:8537"),
    "mirrored-home": ("0.19.20", "lemmy19.test:8536"),
    "mirrored-mirror": ("1.0.0-beta.1", "lemmy10.test:8537"),
}
TOKEN = "captured-token"

# Settings that a state is named for and no recorded `/site` shows.
STATES: dict[str, dict[str, Any]] = {
    "content warning set": {"content_warning": "Not for everybody."},
    "default time range 300 s": {"default_time_range": 300},
    "rate limit 6 per 20 s, in a burst": {"rate_limit": (6, 20)},
    "rate limit 6 per 20 s, after a pause": {"rate_limit": (6, 20)},
}


@functools.cache
def _rows(name: str, file: str) -> list[Json]:
    path = FIXTURES / "captures" / name / f"{file}.jsonl.xz"
    if not path.exists():
        return []
    return [json.loads(line) for line in lzma.decompress(path.read_bytes()).decode().splitlines()]


def exchanges(name: str) -> list[Json]:
    """`{method, path, accept, status, headers, body}` in the order of recording."""
    return _rows(name, "exchanges")


def odd(name: str) -> list[Json]:
    """Exchanges in unusual states, with `state` and `logged_in`; empty where none were recorded."""
    return _rows(name, "odd")


def truth_comments(name: str) -> list[Json]:
    """Every comment row of the server's database."""
    return _rows(name, "comments")


def truth_posts(name: str) -> list[Json]:
    """Every post row of the server's database."""
    return _rows(name, "posts")


def manifest(name: str) -> Json:
    """The names of the threads and their local ids."""
    found: Json = json.loads((FIXTURES / "captures" / name / "manifest.json").read_text("utf-8"))
    return found


def world_from(name: str, state: str | None = None) -> World:
    """
    The World behind a capture, as recorded in `exchanges`, or in that `state` of `odd`. Posts and comments are the
    database's rows; lists, order and counts are the fake's own work. Mirrored captures and odd states hold only
    threads that were asked for: there communities and other posts keep their recorded counts.
    """
    return copy.deepcopy(_world(name, state))


@functools.cache
def _world(name: str, state: str | None) -> World:
    version, domain = VERSIONS[name]
    seen, later = seen_in(name, state, "v4" if version.startswith("1.") else "v3")
    instance = Instance(domain=domain, version=version, users=seen.users)
    instance.sites = {instance.line: seen.sites["v3"]}
    if instance.line == "1.0":
        instance.sites = {"1.0": seen.sites["v4"], "1.0-shim": seen.sites["v3"]}
    partial = name.startswith("mirrored") or state is not None
    world = World(instance=instance)
    describe(world, instance.sites[instance.line], partial=partial)
    for setting, value in STATES.get(state or "", {}).items():
        setattr(instance, setting, value)
    world.persons |= {ident: person_of(row) for ident, row in seen.persons.items()}
    for ident, row in seen.communities.items():
        counts = row if "posts" in row else seen.community_counts.get(ident, row)
        world.communities[ident] = community_of(row, counts, seen.moderators.get(ident, []), partial=partial)
    fill(world, name, seen, later)
    if partial:
        settle(world, seen)
    who = next(person for person in world.persons.values() if person.name == "mara_finch" and person.local)
    marks = {key: marks for key, marks in later.marks.items() if marks}
    world.accounts.append(Account(person_id=who.id, name=who.name, password="correct horse", token=TOKEN, marks=marks))
    return world


def seen_in(name: str, state: str | None, api: str) -> tuple[Seen, Seen]:
    """What a capture shows by its own `api`, with that of the state over it; and that of the state alone."""
    seen, later = Seen(), Seen()
    own = f"/api/{api}/"
    for exchange in exchanges(name):
        seen.read(exchange, own)
    in_state = [exchange for exchange in odd(name) if exchange["state"] == state]
    if state is not None and not in_state:
        raise KeyError(state)
    for exchange in in_state:
        seen.read(exchange, own)
        later.read(exchange, own)
    return seen, later


def describe(world: World, site: Json, *, partial: bool) -> None:
    """What the recorded `/site` says of the instance and its admins; in a `partial` world its totals too."""
    instance, local = world.instance, site["site_view"]["local_site"]
    if site["version"] != instance.version:
        instance.advertised = site["version"]
    instance.private = local["private_instance"]
    instance.content_warning = site["site_view"]["site"].get("content_warning")
    if partial:
        totals = site["site_view"].get("counts", local)
        instance.counts = {name: totals[name] for name in ("comments", "posts", "communities", "users")}
    for entry in site["admins"]:
        world.persons[entry["person"]["id"]] = person_of(entry["person"])
        instance.admins.append(entry["person"]["id"])


def fill(world: World, name: str, seen: Seen, later: Seen) -> None:
    """Posts and comments: the truth's rows, then what only the exchanges show; an odd state's rows last."""
    posts = {row["id"]: row for row in truth_posts(name)}
    comments = {row["id"]: row for row in truth_comments(name)}
    creators = {person.ap_id: person.id for person in world.persons.values()}
    for ident, row in seen.posts.items():
        made = post_of(row, row if "comments" in row else seen.post_counts.get(ident, {}), posts.get(ident))
        if row.get("body") and ident in later.posts:
            made.body = row["body"]
        world.posts[ident] = made
    for ident, row in comments.items():
        rank = seen.comment_counts.get(ident, {}).get("hot_rank", 0)
        world.comments[ident] = comment_of_truth(row, creators, rank)
    for ident, row in seen.comments.items():
        if ident in later.comments or ident not in comments:
            shown = comment_of(row, seen.comment_counts[ident])
            shown.content = shown.content or comments.get(ident, {}).get("body", "")
            world.comments[ident] = shown


def settle(world: World, seen: Seen) -> None:
    """In a partial world, the recorded count and newest time of posts whose comments are not all there."""
    for ident, post in seen.posts.items():
        counts = post if "comments" in post else seen.post_counts.get(ident, {})
        if (count := counts.get("comments")) is not None and world.comment_count(world.posts[ident]) != count:
            world.posts[ident].comment_count = count
            newest = first(counts, "newest_comment_time_at", "newest_comment_time")
            world.posts[ident].newest_comment = zoned(newest)


def recorded_at(name: str) -> datetime:
    """Shortly after the newest row of a capture: a clock for what depends on the time."""
    newest = max(row["published_at"] for row in truth_comments(name))
    return datetime.fromisoformat(str(zoned(newest)))
