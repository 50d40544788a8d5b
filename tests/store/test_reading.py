"""Reading a thread back: each item once, in thread order."""

from pathlib import Path

from fake_lemmy import Reply, Server, thread
from runs import add, archive_in, v3
from thread_archive.store.reading import thread_items


def test_a_gap_that_two_servers_name_is_one_gap(tmp_path: Path) -> None:
    world = thread(v3(), ["above", Reply(text="purged", to=1), Reply(text="below", to=2)])
    world.comments[2].lost = True
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        with archive.transaction() as connection:
            connection.execute("INSERT INTO instances (domain) VALUES ('another.test')")
            connection.execute(
                """INSERT INTO local_ids (instance_id, of_comment, local_id, comment_id)
                   SELECT (SELECT id FROM instances WHERE domain = 'another.test'), 1, 77, id
                   FROM comments WHERE ap_id IS NULL"""
            )
        kinds = [(item.kind, item.depth) for item in thread_items(archive, 1)]
        assert kinds == [("post", 0), ("comment", 1), ("gap", 2), ("comment", 3)]
