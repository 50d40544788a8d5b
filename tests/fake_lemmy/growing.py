"""Worlds for tests: a small thread by hand, a random one of any size, a federated copy of either."""

import copy
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from fake_lemmy.world import Comment, Community, Instance, Person, Post, World

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROSE = "the old harbour kept its ledgers dry while every winter some river came up to see about them again"
WORDS = tuple(PROSE.split())


def moment(minutes: float) -> str:
    """A time so many minutes after the thread's start, as rows hold it."""
    return f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S.%f}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A comment for `thread`: its text, what it answers (an earlier Reply's id, 0: the post) and any other fields."""

    text: str
    to: int = 0
    fields: dict[str, object] = field(default_factory=dict)


def thread(
    instance: Instance,
    comments: Iterable[str | Reply] = (),
    *,
    post: dict[str, object] | None = None,
    community: dict[str, object] | None = None,
) -> World:
    """
    A World with one community (id 2), one post (id 1) and these comments (ids from 1, in order, a minute apart); a
    plain string answers the post. `post` and `community` overlay the fields of those.
    """
    base = instance.base
    names = ("mara_finch", "tobias_oak", "ines_quill")
    persons = {n: Person(id=n, ap_id=f"{base}/u/{name}", name=name) for n, name in enumerate(names, 3)}
    made_community = Community(id=2, ap_id=f"{base}/c/harbour", name="harbour", title="Harbour", moderators=[3])
    made_post = Post(
        id=1, ap_id=f"{base}/post/1", title="What the tide left", body="See for yourselves.", creator_id=3,
        community_id=2, published=moment(0),
    )  # fmt: skip
    world = World(instance=instance, persons=persons, communities={2: made_community}, posts={1: made_post})
    overlay(made_post, post or {})
    overlay(made_community, community or {})
    for entry in comments:
        say(world, entry if isinstance(entry, Reply) else Reply(text=entry))
    return world


def overlay(row: object, fields: dict[str, object]) -> None:
    """Sets fields; an unknown name raises AttributeError."""
    for name, value in fields.items():
        setattr(row, name, value)


def say(world: World, reply: Reply, *, post_id: int = 1) -> Comment:
    """Adds one comment to a post of the World and gives it back."""
    ident = max(world.comments, default=0) + 1
    parent = world.comments[reply.to].path if reply.to else "0"
    people = sorted(world.persons)
    row = Comment(
        id=ident, ap_id=f"{world.instance.base}/comment/{ident}", path=f"{parent}.{ident}", content=reply.text,
        post_id=post_id, creator_id=people[ident % len(people)], published=moment(ident),
    )  # fmt: skip
    overlay(row, reply.fields)
    world.comments[ident] = row
    return row


def grow(
    world: World,
    number: int,
    rng: Random,
    *,
    post_id: int = 1,
    roots: float = 0.2,
    deepest: int = 50,
    length: tuple[int, int] = (20, 400),
) -> World:
    """
    Adds so many random comments to a post: a share `roots` answers the post, the rest any earlier comment above the
    depth limit; each text has between `length` characters. The same `rng` state gives the same tree.
    """
    open_rows = [row for row in world.under(post_id) if len(row.labels) <= deepest]
    first = max(world.comments, default=0) + 1
    people = sorted(world.persons)
    for ident in range(first, first + number):
        parent = "0" if not open_rows or rng.random() < roots else rng.choice(open_rows).path
        row = Comment(
            id=ident, ap_id=f"{world.instance.base}/comment/{ident}", path=f"{parent}.{ident}",
            content=prose(rng, rng.randint(*length)), post_id=post_id, creator_id=rng.choice(people),
            published=moment(ident + rng.random() / 2), upvotes=1 + int(rng.expovariate(0.3)),
        )  # fmt: skip
        world.comments[ident] = row
        if len(row.labels) <= deepest:
            open_rows.append(row)
    return world


def prose(rng: Random, characters: int) -> str:
    """Words up to that many characters."""
    said: Iterator[str] = iter(lambda: rng.choice(WORDS), None)
    text = ""
    while len(text) < characters:
        text += next(said) + " "
    return text[: max(1, characters)].strip() or "."


def mirror(
    world: World, onto: Instance, *, without: Collection[int] = (), shift: int = 1000, scramble: Sequence[int] = ()
) -> World:
    """
    The World as a federated copy on another instance: the same ap_ids, other local ids, `local` only for what was
    made `onto` it. Comments `without` (ids in `world`) never arrived; what answers them did, and its path on the
    copy skips them. `scramble` gives local ids to comments in this order of their home ids.
    """
    copied = copy.deepcopy(world)
    order = list(scramble) or sorted(world.comments)
    numbers = {home: shift + at for at, home in enumerate((i for i in order if i not in without), 1)}
    made = World(instance=onto)
    for group in copied.communities.values():
        made.communities[shift + group.id] = group
        group.post_count = group.comment_count = None
        group.moderators = [shift + who for who in group.moderators]
    for who in copied.persons.values():
        made.persons[shift + who.id] = who
    for item in copied.posts.values():
        made.posts[shift + item.id] = item
        item.creator_id, item.community_id = shift + item.creator_id, shift + item.community_id
        item.comment_count = item.newest_comment = None
    for row in copied.comments.values():
        if row.id in numbers:
            ancestors = [numbers[int(label)] for label in row.labels[1:] if int(label) in numbers]
            row.path = ".".join(map(str, [0, *ancestors]))
            row.post_id, row.creator_id = shift + row.post_id, shift + row.creator_id
            row.child_count = None
            made.comments[numbers[row.id]] = row
    for table in (made.communities, made.persons, made.posts, made.comments):
        for ident, thing in table.items():
            thing.id = ident
            thing.local = thing.ap_id.startswith(f"{onto.base}/")
            thing.more = {}
    return made
