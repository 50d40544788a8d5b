"""One tree out of what several servers showed, in whatever order."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from thread_archive.model import Sighting
from thread_archive.trees import Known, Seen, arrange

START = datetime(2026, 1, 1, tzinfo=UTC)
Shape = list[int]


def sighting(number: int, path: tuple[int, ...], **fields: object) -> Sighting:
    values = {
        "local_id": path[-1], "post_id": 1, "ap_id": f"https://h.example/comment/{number}", "path": path,
        "published_at": START + timedelta(minutes=number), "edited_at": None, "deleted": False, "removed": False,
        "child_count": 0,
    }  # fmt: skip
    return Sighting(**(values | fields))  # type: ignore[arg-type]


def shown(
    shape: Shape, *, instance: str = "h.example", shift: int = 0, without: frozenset[int] = frozenset()
) -> list[Seen]:
    """What an instance shows of a tree: `shape[n]` is the parent of comment n+1, 0 the post."""
    paths: dict[int, tuple[int, ...]] = {0: ()}
    seen = []
    for number, parent in enumerate(shape, 1):
        paths[number] = (*paths[parent], number + shift)
        if number not in without:
            seen.append(Seen(instance=instance, answer=number, sighting=sighting(number, paths[number])))
    return seen


shapes = (
    st.integers(1, 40).flatmap(lambda size: st.tuples(*(st.integers(0, number) for number in range(size)))).map(list)
)


@given(shapes, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_pages_give_one_tree(shape: Shape, random: Random) -> None:
    seen = shown(shape)
    shuffled = seen + random.choices(seen, k=5)
    random.shuffle(shuffled)
    assert arrange(shuffled, home=None).nodes == arrange(seen, home=None).nodes


@given(shapes)
def test_every_comment_stands_once_below_its_parent_and_beside_its_elders(shape: Shape) -> None:
    nodes = arrange(shown(shape), home=None).nodes
    at = {node.key: node for node in nodes}
    assert len(at) == len(nodes) == len(shape)
    assert [node.position for node in nodes] == list(range(len(nodes)))
    for node in nodes:
        parent = at.get(node.parent) if node.parent else None
        assert node.depth == (parent.depth + 1 if parent else 1)
        assert parent is None or parent.position < node.position
    for one, other in pairwise(nodes):
        if one.parent == other.parent:
            assert one.published_at <= other.published_at


@given(shapes, st.sets(st.integers(1, 40)), st.booleans())
def test_two_servers_give_the_same_tree_whichever_is_asked_first(shape: Shape, lost: set[int], swap: bool) -> None:
    home = shown(shape)
    mirror = shown(shape, instance="m.example", shift=1000, without=frozenset(lost))
    both = mirror + home if swap else home + mirror
    merged = arrange(both, home="h.example").nodes
    alone = arrange(home, home="h.example").nodes
    assert [(node.key, node.parent, node.depth) for node in merged] == [
        (node.key, node.parent, node.depth) for node in alone
    ]


def test_an_ancestor_that_nobody_gave_is_a_gap_in_its_place() -> None:
    nodes = arrange(shown([0, 1, 2], without=frozenset({2})), home=None).nodes
    assert [(node.key, node.depth) for node in nodes] == [
        ("https://h.example/comment/1", 1), (("h.example", 2), 2), ("https://h.example/comment/3", 3),
    ]  # fmt: skip


def test_a_reply_to_what_is_known_from_before_keeps_its_parent() -> None:
    key = "https://h.example/comment/2"
    known = {key: Known(parent=None, published_at=START)}
    nodes = arrange(
        shown([0, 0, 2], without=frozenset({2})), home=None, known=known, known_names={("h.example", 2): key}
    ).nodes
    assert {node.key: node.parent for node in nodes}["https://h.example/comment/3"] == key


def test_in_a_circle_the_oldest_answers_the_post_whatever_the_order() -> None:
    seen = [
        Seen(instance="h.example", answer=1, sighting=sighting(1, (2, 1))),
        Seen(instance="h.example", answer=1, sighting=sighting(2, (1, 2))),
    ]
    for one_way in (seen, seen[::-1]):
        nodes = arrange(one_way, home=None).nodes
        assert [(node.key, node.parent) for node in nodes] == [
            ("https://h.example/comment/1", None), ("https://h.example/comment/2", "https://h.example/comment/1"),
        ]  # fmt: skip


def test_a_chain_of_1000_is_no_problem() -> None:
    assert arrange(shown(list(range(1000))), home=None).nodes[-1].depth == 1000


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_the_homes_word_counts_and_a_mirrors_removal_does_not(hd: bool, hr: bool, md: bool, mr: bool) -> None:
    home = Seen(instance="h.example", answer=1, sighting=sighting(1, (1,), deleted=hd, removed=hr))
    mirror = Seen(instance="m.example", answer=2, sighting=sighting(1, (9,), deleted=md, removed=mr))
    for seen in ([home, mirror], [mirror, home]):
        (node,) = arrange(seen, home="h.example").nodes
        assert (node.deleted, node.removed, node.answer) == (hd, hr, 1)


def test_without_the_home_the_later_edit_counts() -> None:
    old = Seen(instance="a.example", answer=1, sighting=sighting(1, (1,)))
    new = Seen(instance="b.example", answer=2, sighting=sighting(1, (5,), edited_at=START + timedelta(days=1)))
    assert [arrange(seen, home=None).nodes[0].answer for seen in ([old, new], [new, old])] == [2, 2]
