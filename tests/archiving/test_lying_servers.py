"""
Three servers of which one lies about anything: which ap_ids its posts and comments bear, what others wrote, what they
took back. In any order of visits the archive shows of the honest ones what they said.

`just soak` runs many worlds, the gate a sample.
"""

import copy
import os
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Comment, Instance, Reply, Server, World, faults, grow, mirror, say, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import reread
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content

WORLDS = int(os.environ.get("THREAD_ARCHIVE_WORLDS", "24"))
HOME, FAR = "http://home.test/post/1", "http://far.test/post/501"
LIES, COPY = "http://evil.test/post/1", "http://evil.test/post/1001"
INSTANCES = [v3(version="0.18.5"), v3(version="0.19.14"), v3(), v4()]


def honest(instance: Instance, rng: Random) -> tuple[World, World]:
    """A thread in which people of two servers speak, and the copy that the second one has, with more of its own."""
    home = grow(thread(instance), rng.randint(1, 8), rng)
    home.persons[99] = replace(home.persons[4], id=99, name="ann", ap_id="http://far.test/u/ann", local=False)
    for row in home.comments.values():
        if rng.random() < 0.3:
            row.ap_id, row.local, row.creator_id = f"http://far.test/comment/{500 + row.id}", False, 99
        row.deleted = rng.random() < 0.15
    far = mirror(home, v3("far.test"), shift=500)
    if rng.random() < 0.5:
        say(far, Reply(text="of a host that the home blocks", fields={"creator_id": 599}), post_id=501)
    return home, far


def lying(home: World, rng: Random) -> World:
    """A copy of that thread with lies in it, and a thread of the liar's own that bears ap_ids of others."""
    evil = mirror(home, v3("evil.test"))
    for row in list(evil.comments.values()):
        lie = rng.choice(["none", "words", "deleted", "removed", "restored"])
        if lie == "words":
            row.content, row.updated = "put into somebody's mouth", "2100-01-01T00:00:00Z"
        elif lie == "restored":
            row.content, row.deleted = "put into somebody's mouth", False
        elif lie != "none":
            setattr(row, lie, True)
    for number in range(rng.randint(0, 3)):
        host = rng.choice(["home", "far"])
        comment = say(evil, Reply(text="put into somebody's mouth", to=rng.choice([0, *evil.comments])), post_id=1001)
        comment.ap_id, comment.local = f"http://{host}.test/comment/{7000 + number}", False
    own = thread(v3("evil.test"), [])
    grow(own, rng.randint(1, 6), rng)
    evil.posts[1] = own.posts[1]
    evil.communities |= own.communities
    evil.persons |= own.persons
    if rng.random() < 0.5:
        evil.posts[1] = replace(own.posts[1], ap_id=HOME, title="Somebody else's")
    # What answers a comment that is taken back cannot be traced to its post by anybody's word but the home's.
    traced = [row.id for row in home.under(1) if not any(home.comments[int(label)].deleted for label in row.labels[1:])]
    stolen = rng.sample(traced, min(len(traced), rng.randint(0, 4)))
    for row, ident in zip(own.comments.values(), stolen, strict=False):
        row.ap_id = home.comments[ident].ap_id
    evil.comments |= {ident: copy.copy(row) for ident, row in own.comments.items()}
    return evil


def said(row: Comment) -> tuple[str, int]:
    """A comment's text and whether it is withdrawn, as its home tells."""
    return ("" if row.deleted else row.content, int(row.deleted))


def far_has(ap_id: str, far: World) -> bool:
    """Whether the honest mirror made that comment itself."""
    return any(row.ap_id == ap_id and row.local for row in far.comments.values())


def is_sound(archive: Archive) -> bool:
    """Whether the archive's own checks find nothing, and a reread gives the same rows."""
    before = list(content(archive))
    findings = [finding.message for finding in check(archive) if not finding.ok]
    reread(archive)
    return findings == [] and list(content(archive)) == before


@pytest.mark.parametrize("seed", range(WORLDS))
def test_of_honest_servers_the_archive_shows_what_they_said(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    home, far = honest(rng.choice(INSTANCES), rng)
    evil = lying(home, rng)
    visits = [HOME, *rng.choices([HOME, FAR, LIES, COPY], k=rng.randint(1, 5))]
    rng.shuffle(visits)
    with Server(home, far, evil) as server, archive_in(tmp_path) as archive:
        dead_before = rng.choice([0, visits.index(HOME)])
        for number, url in enumerate(visits):
            server.faults.clear()
            if number < dead_before:
                server.faults.add(faults.dies(), domain="home.test")
            (receipt,) = add(archive, server, url, patience=0.1)
            if url == HOME:
                is_whole = receipt.missing == ()
            if url in (HOME, FAR):
                assert (receipt.error, receipt.exit_code) == (None, 0), (seed, visits)
        assert rows(archive, "SELECT title FROM posts WHERE ap_id = ?", HOME) == [(home.posts[1].title,)]
        found = {
            ap_id: (body, deleted, unconfirmed, attested)
            for ap_id, body, deleted, unconfirmed, attested in rows(
                archive,
                """SELECT comment.ap_id, comment.body, comment.deleted, comment.unconfirmed, comment.attested_by
                   FROM comments AS comment JOIN posts AS post ON post.id = comment.post_id
                   WHERE post.ap_id = ? AND comment.ap_id IS NOT NULL""",
                HOME,
            )
        }
        expected = {row.ap_id: (*said(row), 0, None) for row in home.comments.values() if not row.deleted}
        assert {ap_id: found.get(ap_id) for ap_id in expected} == expected, (seed, visits)
        withdrawn = {row.ap_id for row in home.comments.values() if row.deleted}
        assert all(found[ap_id][:2] == ("", 1) for ap_id in withdrawn & found.keys()), (seed, visits)
        more = {ap_id: state for ap_id, state in found.items() if ap_id not in expected and ap_id not in withdrawn}
        for ap_id, (*_, unconfirmed, attested) in more.items():
            if far_has(ap_id, far):
                continue
            assert attested == '["evil.test"]', (seed, visits, ap_id)
            assert unconfirmed or not is_whole, (seed, visits, ap_id)
        assert is_sound(archive), (seed, visits)
