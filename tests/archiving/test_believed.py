"""
Three hosts, of which one lies about anything: what the honest two said is what the archive shows of them, whatever the
order of visits and imports.

`just soak` runs 2,000 worlds, the gate a sample.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fake_lemmy import Comment, Community, Instance, Person, Post, Reply, Server, World, mirror, moment, say, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import reread
from thread_archive.archiving.deriving import derive
from thread_archive.exceptions import ThreadArchiveError
from thread_archive.snapshots.importing import import_snapshot
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.writer import Making, make
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.reading import Item, thread_items

WORLDS = int(os.environ.get("THREAD_ARCHIVE_WORLDS", "24"))
HOME, FAR, EVIL = "http://home.test", "http://far.test", "http://evil.test"
# What the honest hosts say of their own: a thread each, and the copy that the second has of the first's.
HONEST = (f"{HOME}/post/1", f"{FAR}/post/1", f"{FAR}/post/1001")
THREADS = HONEST[:2]
# Nobody honest says this.
FORGED = "forged"
# What tells of a visit and not of the thing.
_OF_VISITS = {"attested_by", "score", "upvotes", "downvotes"}


# ----------------------------------------------------------------------------------------------------------- worlds


def honest_worlds(version: Callable[..., Instance], rng: Random) -> tuple[World, World]:
    """A thread at home that people of both hosts write in; far away a copy of it, and a thread of its own."""
    home = thread(version("home.test"), [Reply(text="one"), Reply(text="two", to=1), Reply(text="three")])
    home.persons[3].bio = "I keep ledgers."
    home.persons[6] = Person(id=6, ap_id=f"{FAR}/u/piet_wren", name="piet_wren", local=False, display_name="Piet W.")
    # By the number that the copy has far away.
    say(home, Reply(text="from afar", to=1, fields={"creator_id": 6, "ap_id": f"{FAR}/comment/1004", "local": False}))
    if rng.random() < 0.5:
        home.comments[3].deleted = True
        say(home, Reply(text="five", to=3))
    far = mirror(home, version("far.test"))
    far.communities[2] = Community(id=2, ap_id=f"{FAR}/c/dunes", name="dunes", title="Dunes", moderators=[3])
    far.persons[3] = Person(
        id=3, ap_id=f"{FAR}/u/joost_reed", name="joost_reed", display_name="Joost", bio="#noarchive"
    )
    far.posts[1] = Post(
        id=1, ap_id=f"{FAR}/post/1", title="Where the sand goes", body="Look.", creator_id=3, community_id=2,
        published=moment(0),
    )  # fmt: skip
    guest = next(who.id for who in far.persons.values() if who.ap_id == f"{HOME}/u/mara_finch")
    say(far, Reply(text="alpha", fields={"creator_id": guest}), post_id=1)
    say(far, Reply(text="beta", to=max(far.comments), fields={"creator_id": 3}), post_id=1)
    return home, far


def lying_world(version: Callable[..., Instance], honest: tuple[World, World], rng: Random) -> World:
    """A host that copies what others have, makes a thread of its own, and lies about any of it."""
    about = rng.choice(honest)
    evil = mirror(about, version("evil.test"))
    own = thread(version("evil.test"), [Reply(text=f"{FORGED} 1"), Reply(text=f"{FORGED} 2", to=1), "x"])
    evil.communities |= own.communities
    evil.persons |= own.persons
    evil.posts |= own.posts
    evil.comments |= own.comments
    lies = [_squat_post, _squat_comments, _rename_people, _rename_communities, _forge_copies, _invent, _date, _withdraw]
    for lie in rng.sample(lies, rng.randint(1, len(lies))):
        lie(evil, honest, rng)
    _one_row_an_ap_id(evil)
    return evil


def _squat_post(evil: World, honest: tuple[World, World], rng: Random) -> None:
    victim = rng.choice([post for world in honest for post in world.posts.values()])
    evil.posts[1].ap_id, evil.posts[1].title = victim.ap_id, f"{FORGED} title"


def _squat_comments(evil: World, honest: tuple[World, World], rng: Random) -> None:
    victims = sorted({row.ap_id for world in honest for row in world.comments.values()})
    for row, ap_id in zip([evil.comments[1], evil.comments[2]], rng.sample(victims, 2), strict=True):
        row.ap_id = ap_id


def _rename_people(evil: World, honest: tuple[World, World], rng: Random) -> None:
    victims = sorted({who.ap_id for world in honest for who in world.persons.values()})
    for who in rng.sample(sorted(evil.persons.values(), key=lambda who: who.id), 3):
        if rng.random() < 0.5:
            who.ap_id = rng.choice(victims)
        who.name, who.display_name, who.bio = FORGED, f"{FORGED} name", f"{FORGED} bio"
        who.bot, who.deleted = rng.random() < 0.5, rng.random() < 0.5


def _rename_communities(evil: World, honest: tuple[World, World], rng: Random) -> None:
    if rng.random() < 0.5:
        evil.communities[2].ap_id = rng.choice([f"{HOME}/c/harbour", f"{FAR}/c/dunes"])
    for group in evil.communities.values():
        group.name, group.title, group.sidebar = FORGED, f"{FORGED} title", f"{FORGED} sidebar"


def _forge_copies(evil: World, honest: tuple[World, World], rng: Random) -> None:
    for row in evil.comments.values():
        if rng.random() < 0.5:
            row.content, row.updated = f"{FORGED} {row.id}", moment(rng.choice([5, 900]))
    for post in evil.posts.values():
        post.title, post.body, post.updated = f"{FORGED} title", f"{FORGED} body", moment(900)


def _invent(evil: World, honest: tuple[World, World], rng: Random) -> None:
    for post_id in sorted(evil.posts):
        base = rng.choice([HOME, FAR, EVIL])
        say(
            evil,
            Reply(text=f"{FORGED} confession", fields={"ap_id": f"{base}/comment/{rng.randint(700, 9999)}"}),
            post_id=post_id,
        )


def _date(evil: World, honest: tuple[World, World], rng: Random) -> None:
    things: list[Post | Comment] = [*evil.posts.values(), *evil.comments.values()]
    for thing in things:
        if rng.random() < 0.3:
            thing.updated = "2099-01-01T00:00:00.000000Z"
        if rng.random() < 0.2:
            thing.published = "2098-01-01T00:00:00.000000Z"


def _withdraw(evil: World, honest: tuple[World, World], rng: Random) -> None:
    for row in evil.comments.values():
        row.deleted, row.removed = rng.random() < 0.3, rng.random() < 0.3
    for post in evil.posts.values():
        post.deleted, post.removed = rng.random() < 0.3, rng.random() < 0.1


def _one_row_an_ap_id(evil: World) -> None:
    """A database has an ap_id once."""
    tables: tuple[dict[int, Any], ...] = (evil.persons, evil.communities, evil.posts, evil.comments)
    for table in tables:
        taken: set[str] = set()
        for ident, thing in sorted(table.items()):
            if thing.ap_id in taken:
                thing.ap_id = f"{EVIL}/other/{type(thing).__name__}/{ident}"
            taken.add(thing.ap_id)


# ---------------------------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens to the archive: `add` of a URL, with or without its home, or `import` of a bundle."""

    what: str
    of: str
    home: bool = True


def steps(evil: World, rng: Random) -> list[Step]:
    """
    The honest threads, each at least once, and the lies, in any order.

    Where the homes are silent the liar is believed meanwhile; then they speak once more at the end.
    """
    lies = [f"{EVIL}/post/{ident}" for ident in sorted(evil.posts)]
    made = [Step("add", url) for url in THREADS]
    made += [Step("add", HONEST[2], home=rng.random() < 0.7) for _ in range(rng.randint(0, 1))]
    made += [Step("add", rng.choice(lies), home=rng.random() < 0.7) for _ in range(rng.randint(1, 3))]
    made += [Step("import", name) for name in ("lies", "truth") if rng.random() < 0.5]
    rng.shuffle(made)
    if any(not step.home for step in made):
        made += [Step("add", url) for url in rng.sample(THREADS, len(THREADS))]
    return made


class Play:
    """What happens in one world: an archive, the servers, and bundles that others made."""

    def __init__(self, folder: Path, server: Server, evil: World) -> None:
        self._folder = folder
        self._server = server
        self._lies = [f"{EVIL}/post/{ident}" for ident in sorted(evil.posts)]
        self._bundles: dict[str, Path] = {}

    def do(self, archive: Archive, step: Step) -> None:
        """What a person would do; whatever is refused is refused with a message."""
        if step.what == "add":
            add(archive, self._server, step.of, home=step.home)
            return
        # A bundle with times to come is refused as a whole.
        try:
            list(import_snapshot(archive, self._bundle(step.of), now=datetime.now(UTC), derive=derive))
        except ThreadArchiveError as error:
            assert step.of == "lies", error

    def _bundle(self, name: str) -> Path:
        if name not in self._bundles:
            urls = self._lies if name == "lies" else list(THREADS)
            with archive_in(self._folder, f"{name}.db") as theirs:
                for url in urls:
                    add(theirs, self._server, url, home=False)
                chosen = select(theirs, Wanted())
                self._bundles[name] = make(theirs, self._folder / f"{name}.bundle", chosen, Making(site=False)).path
        return self._bundles[name]


# ------------------------------------------------------------------------------------------------------------ views


def shown(archive: Archive, post: str) -> dict[str, dict[str, Any]]:
    """A thread as `show --json` gives it, by ap_id, without what is marked as nobody's word who may speak for it."""
    ((post_id,),) = rows(archive, "SELECT id FROM posts WHERE ap_id = ?", post)
    return {
        item.fields["ap_id"]: {key: value for key, value in item.fields.items() if key not in _OF_VISITS}
        for item in thread_items(archive, post_id)
        if item.kind in {"post", "comment"} and not is_doubted(item)
    }


def is_doubted(item: Item) -> bool:
    """Whether it is unconfirmed, or younger than the home's last word and marked with who alone tells it."""
    from_a_snapshot = any(remark.startswith("From a snapshot") for remark in item.remarks)
    return bool(item.fields["unconfirmed"] or item.fields["attested_by"] or from_a_snapshot)


def actors(archive: Archive) -> Iterator[tuple[Any, ...]]:
    """What is shown of those whose own host was visited."""
    named = (f"{HOME}/u/mara_finch", f"{HOME}/u/tobias_oak", f"{FAR}/u/joost_reed", f"{FAR}/u/piet_wren")
    yield from rows(
        archive,
        "SELECT ap_id, name, display_name, bio, is_bot, deleted FROM people WHERE ap_id IN (?, ?, ?) ORDER BY 1",
        *named[:3],
    )
    yield from rows(
        archive, "SELECT ap_id, name, title, description, visibility FROM communities WHERE ap_id IN (?, ?) ORDER BY 1",
        f"{HOME}/c/harbour", f"{FAR}/c/dunes",
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(WORLDS))
@pytest.mark.parametrize("version", [v3, v4], ids=["0.19", "1.0"])
def test_what_honest_hosts_say_is_shown_whoever_lies_and_in_whatever_order(
    tmp_path: Path, version: Callable[..., Instance], seed: int
) -> None:
    rng = Random(f"{version.__name__} {seed}")
    honest = honest_worlds(version, rng)
    evil = lying_world(version, honest, rng)
    planned = steps(evil, rng)
    with Server(*honest, evil) as server:
        with archive_in(tmp_path, "honest.db") as archive:
            for url in THREADS:
                add(archive, server, url)
            wanted = {url: shown(archive, url) for url in THREADS}
            told = list(actors(archive))
        play = Play(tmp_path, server, evil)
        with archive_in(tmp_path) as archive:
            for step in planned:
                play.do(archive, step)
            _holds(archive, wanted, told, planned)
            reread(archive)
            _holds(archive, wanted, told, [*planned, Step("reread", "all")])


def _holds(
    archive: Archive, wanted: dict[str, dict[str, dict[str, Any]]], told: list[tuple[Any, ...]], planned: list[Step]
) -> None:
    for post, items in wanted.items():
        have = shown(archive, post)
        assert {ap_id: have.get(ap_id) for ap_id in items} == items, planned
        # Whatever else stands there is somebody's own: nobody speaks in another's name.
        strange = have.keys() - items.keys()
        assert all(ap_id.startswith(f"{EVIL}/") for ap_id in strange), (strange, planned)
    assert list(actors(archive)) == told, planned
    assert [finding for finding in check(archive) if not finding.ok] == [], planned
