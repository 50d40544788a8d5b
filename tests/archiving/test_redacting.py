"""What is redacted is nowhere in the archive's files, and stays out of it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everything import found_in, markers
from fake_lemmy import Reply, Server, faults, mirror, say, thread
from planted import ARTICLE, OTHERS, URL, plant
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import reread, targets
from thread_archive.archiving.redacting import Redaction, finish, preview, redact
from thread_archive.exceptions import InputError
from thread_archive.store import takedowns
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content_digest
from thread_archive.store.redaction import sweeping

NOW = datetime(2026, 4, 1, tzinfo=UTC)


def redacted(folder: Path, scope: str, text: str, *, quotes: bool = False) -> Redaction:
    with archive_in(folder) as archive:
        target = {
            "person": lambda: targets.person(archive, text),
            "comment": lambda: targets.comment(archive, text),
            "thread": lambda: targets.thread(archive, int(text)),
            "pattern": lambda: targets.pattern(text),
        }[scope]()
        return redact(archive, target, quotes=quotes, now=NOW)


def unsound(folder: Path) -> list[str]:
    with Archive.open(folder / "archive.db", read_only=True) as archive:
        return [f"{finding.check} {finding.path}: {finding.message}" for finding in check(archive) if not finding.ok]


def reads_the_same(folder: Path) -> bool:
    with archive_in(folder) as archive:
        before = content_digest(archive)
        reread(archive)
        return content_digest(archive) == before


@pytest.mark.parametrize("instance", [v3(), v3(version="0.18.5"), v4()], ids=["0.19", "0.18", "1.0"])
def test_nothing_of_a_redacted_person_is_left(instance: object, tmp_path: Path) -> None:
    planted = plant(tmp_path, instance)
    kept = {*OTHERS, "passage"} - ({"description"} if planted.world.instance.line == "1.0" else set())
    assert found_in(tmp_path, planted.words.values()).keys() >= planted.all_but("avatar", "cross_body", "alt")
    done = redacted(tmp_path, "person", f"@{planted.words['name']}@home.test")
    found = found_in(tmp_path, planted.words.values())
    assert found.keys() & planted.all_but(*OTHERS, "passage") == set(), found
    assert found.keys() >= planted.of(*kept)
    assert (done.quotes_left, done.swept) == (1, True)
    assert unsound(tmp_path) == []
    assert reads_the_same(tmp_path)
    assert found_in(tmp_path, planted.all_but(*OTHERS, "passage")) == {}


def test_a_redacted_person_stays_out_when_the_thread_is_added_again_and_when_they_write_anew(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    redacted(tmp_path, "person", f"http://home.test/u/{planted.words['name']}")
    before = _content(tmp_path)
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.changed) == ("complete", False)
        assert content_digest(archive) == before
        planted.world.comments[1].content += " anew"
        planted.world.comments[1].updated = "2026-03-09T00:00:00Z"
        planted.world.posts[1].title += " anew"
        (receipt,) = add(archive, server, URL)
        assert receipt.changed
    assert found_in(tmp_path, planted.all_but(*OTHERS, "passage")) == {}


def test_a_new_thread_by_a_redacted_person_keeps_what_others_say_in_it(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    redacted(tmp_path, "person", f"@{planted.words['name']}@home.test")
    say(planted.world, Reply(text="a stranger's reply", fields={"creator_id": 4}), post_id=2)
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/2")
        posts = rows(archive, "SELECT title, body, url FROM posts WHERE ap_id LIKE '%/post/2'")
        assert posts == [("[redacted]", "[redacted]", "")]
        assert rows(archive, "SELECT body FROM comments WHERE post_id = 2") == [("a stranger's reply",)]
    assert found_in(tmp_path, planted.all_but(*OTHERS, "passage")) == {}


def test_an_interrupted_visit_that_goes_on_still_knows_whose_the_post_is(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    redacted(tmp_path, "person", f"@{planted.words['name']}@home.test")
    # One comment, so that there is a list; it embeds the post with no more than its author's number.
    say(planted.world, Reply(text="a stranger's reply", fields={"creator_id": 4}), post_id=2)
    with Server(planted.world) as server:
        server.faults.add(faults.dies(), path="comment/list")
        with archive_in(tmp_path) as archive:
            (receipt,) = add(archive, server, "http://home.test/post/2", patience=0.1)
            assert receipt.error is not None
        server.faults.clear()
        server.requests.clear()
        with archive_in(tmp_path) as archive:
            (receipt,) = add(archive, server, "http://home.test/post/2")
            assert receipt.error is None
        assert not any("/api/v3/post?" in request.target for request in server.requests)
    assert found_in(tmp_path, planted.all_but(*OTHERS, "passage")) == {}


def test_what_the_file_still_held_of_earlier_states_is_swept_too(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    with archive_in(tmp_path) as archive:
        # Some builds of SQLite overwrite what they delete, most do not.
        archive.db.conn.execute("PRAGMA secure_delete = OFF")
        for text in ("leftbehindword " * 500, f"A {planted.words['passage']} worth repeating."):
            with archive.transaction() as connection:
                connection.execute("UPDATE comments SET body_html = ? WHERE ap_id LIKE '%/comment/1'", [text])
    assert found_in(tmp_path, ["leftbehindword"]) != {}
    redacted(tmp_path, "comment", "http://home.test/comment/1")
    assert found_in(tmp_path, ["leftbehindword"]) == {}


def test_a_page_of_which_a_passage_is_redacted_is_not_kept_in_the_raw(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    # The raw page writes it otherwise, so that nobody can tell whether it is there.
    redacted(tmp_path, "pattern", planted.words["article_title"])
    assert found_in(tmp_path, planted.of("raw", "old_article")) == {}
    assert found_in(tmp_path, planted.of("article_text")) != {}
    with archive_in(tmp_path) as archive:
        kept = rows(archive, "SELECT size, withheld FROM exchanges JOIN exchange_bodies AS body ON body.id = body_id"
                    " WHERE purpose = 'article'")  # fmt: skip
        assert kept == [(0, '[""]')]


def test_of_many_comments_nothing_that_was_derived_is_left(tmp_path: Path) -> None:
    words = markers(30, seed=4)
    world = thread(v3(), [Reply(text=f"said {word}", fields={"creator_id": 4}) for word in words])
    say(world, Reply(text=f"> said {words[0]}", to=1, fields={"creator_id": 5}))
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        with archive.transaction() as connection:
            connection.execute("UPDATE comments SET body_html = '<p>' || body || '</p>', derived = 7")
            connection.execute(
                """INSERT INTO links (post_id, comment_id, kind, url, domain, text)
                   SELECT post_id, id, 'link', 'https://x.test/', 'x.test', body FROM comments WHERE creator_id IN (
                       SELECT id FROM people WHERE name = 'tobias_oak')"""
            )
    redacted(tmp_path, "person", "@tobias_oak@home.test")
    assert found_in(tmp_path, words).keys() == {words[0]}
    with archive_in(tmp_path) as archive:
        assert rows(archive, "SELECT count(*) FROM links WHERE text LIKE 'said%'") == [(0,)]
        assert rows(archive, "SELECT body FROM comments WHERE body LIKE '> %'") == [(f"> said {words[0]}",)]


def test_a_redacted_comment_keeps_its_place_author_and_time(tmp_path: Path) -> None:
    planted = plant(tmp_path, article=False)
    place = "SELECT parent_id, path, position, depth, creator_id, published_at, score FROM comments ORDER BY id"
    with archive_in(tmp_path) as archive:
        before = rows(archive, place)
    done = redacted(tmp_path, "comment", "http://home.test/comment/1")
    assert [item.kind for item in done.items] == ["comment"]
    others = planted.all_but("comment", "old_comment", "alt", *ARTICLE)
    assert found_in(tmp_path, planted.words.values()).keys() - planted.of("alt") == others
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        assert rows(archive, place) == before
        assert rows(archive, "SELECT body, deleted, removed FROM comments WHERE ap_id LIKE '%/1'") == [
            ("[redacted]", 0, 0)
        ]
        add(archive, server, URL)
    assert found_in(tmp_path, planted.of("comment", "old_comment")) == {}
    assert unsound(tmp_path) == []
    assert reads_the_same(tmp_path)


def test_a_redacted_thread_is_refused_by_add(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    redacted(tmp_path, "thread", "1")
    gone = planted.all_but(
        *(
            "name",
            "display_name",
            "old_display_name",
            "bio",
            "old_bio",
            "claimed_name",
            "claimed_bio",
            "avatar",
            "cross_title",
            "cross_body",
        ),
        *("others_name", "others_bio", "description", "community_title"),
    )
    assert found_in(tmp_path, gone) == {}
    assert unsound(tmp_path) == []
    assert reads_the_same(tmp_path)
    before = _content(tmp_path)
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        for url in (URL, "http://home.test/comment/2"):
            (receipt,) = add(archive, server, url)
            assert receipt.error is not None
            assert (receipt.error.type, receipt.exit_code) == ("TakenDownError", 2)
        assert content_digest(archive) == before
    assert found_in(tmp_path, gone) == {}


def test_a_redacted_thread_is_refused_on_a_mirror_and_when_only_its_comments_are_listed(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    redacted(tmp_path, "thread", "1")
    copy = mirror(planted.world, v3("mirror.test", version="0.19.2"))
    for removed in (False, True):
        copy.posts[1001].removed = removed
        with Server(copy) as server, archive_in(tmp_path) as archive:
            (receipt,) = add(archive, server, "http://mirror.test/post/1001", home=False)
            assert receipt.error is not None
            assert receipt.error.type == "TakenDownError"


def test_a_pattern_takes_passages_out_wherever_they_stand(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    # How people are called is no text; --person is for that.
    texts = planted.all_but("name", "others_name", "avatar")
    done = redacted(tmp_path, "pattern", f"/(?i){'|'.join(sorted(texts))}/")
    assert found_in(tmp_path, texts) == {}
    assert {item.kind for item in done.items} == {"post", "comment", "article", "person", "community", "cross_post"}
    with archive_in(tmp_path) as archive:
        assert rows(archive, "SELECT title, body FROM posts") == [("[redacted]", "Now [redacted]")]
        assert rows(archive, "SELECT html FROM articles") == [
            ('<p id="p1">[redacted] [redacted]</p><p id="p2">Calm.</p>',)
        ]
    assert unsound(tmp_path) == []
    assert reads_the_same(tmp_path)


def test_no_digest_is_kept_of_a_pattern_not_even_of_one_that_an_earlier_release_kept(tmp_path: Path) -> None:
    plant(tmp_path, article=False)
    with archive_in(tmp_path) as archive:
        with archive.transaction() as connection:
            digest = takedowns.salted(connection).digest("edited")
            connection.execute(
                """INSERT INTO redaction_log (redacted_at, scope, target_digest, reason, items, quotes_left)
                   VALUES ('2026-03-01T00:00:00Z', 'pattern', ?, '', 1, 0)""",
                [digest],
            )
        redact(archive, targets.pattern("matches nothing"), now=NOW)
        assert rows(archive, "SELECT scope, target_digest FROM redaction_log") == [("pattern", "")]
    assert found_in(tmp_path, [digest]) == {}
    redacted(tmp_path, "pattern", "worth repeating")
    with archive_in(tmp_path) as archive:
        assert rows(archive, "SELECT scope, target_digest FROM redaction_log") == [("pattern", "")] * 2


@pytest.mark.parametrize("text", ["", "/x*/", "redacted", "/(/", "/./"])
def test_a_pattern_that_would_match_everywhere_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        targets.pattern(text)


def test_quotations_go_where_that_is_asked_for_and_the_rest_of_what_quotes_stays(tmp_path: Path) -> None:
    planted = plant(tmp_path, article=False)
    done = redacted(tmp_path, "comment", "http://home.test/comment/1", quotes=True)
    assert (done.quotes, done.quotes_left) == (1, 0)
    assert found_in(tmp_path, planted.of("passage", "comment")) == {}
    with archive_in(tmp_path) as archive:
        assert rows(archive, "SELECT body FROM comments WHERE ap_id LIKE '%/3'") == [("> [redacted]\n\nWell said.",)]
        assert rows(archive, "SELECT scope, items, quotes_left FROM redaction_log") == [("comment", 2, 0)]
    assert reads_the_same(tmp_path)
    quoting = planted.world.comments[3]
    quoting.content, quoting.updated = f"So be it. {quoting.content}", "2026-03-09T00:00:00Z"
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert receipt.changed
    assert found_in(tmp_path, planted.of("passage", "comment")) == {}


def test_redacting_twice_changes_and_logs_nothing_more(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    who = f"@{planted.words['name']}@home.test"
    redacted(tmp_path, "person", who)
    before = _content(tmp_path)
    done = redacted(tmp_path, "person", who)
    assert (done.items, done.answers) == ((), 0)
    assert _content(tmp_path) == before
    with archive_in(tmp_path) as archive:
        assert rows(archive, "SELECT count(*) FROM redaction_log") == [(1,)]
        assert rows(archive, "SELECT count(*) FROM takedowns") == [(3,)]


@pytest.mark.parametrize(
    "told",
    [
        {"sources": ["x"], "comments": {}},
        {"sources": 5, "title": 5, "article": "x", "error": "x"},
        {"sources": [{"error": {"message": 5}}], "article": {"url": ["x"]}},
    ],
)
def test_a_receipt_that_is_none_does_not_keep_anything_from_being_redacted(
    told: dict[str, object], tmp_path: Path
) -> None:
    planted = plant(tmp_path)
    with archive_in(tmp_path) as archive, archive.transaction() as connection:
        connection.execute("UPDATE captures SET receipt = ?", [json.dumps(told)])
    assert redacted(tmp_path, "person", f"@{planted.words['name']}@home.test").items
    assert found_in(tmp_path, planted.all_but(*OTHERS, "passage")) == {}


def test_a_preview_lists_what_would_go_and_changes_nothing(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    before = _content(tmp_path)
    with archive_in(tmp_path) as archive:
        target = targets.person(archive, f"@{planted.words['name']}@home.test")
        listed = preview(archive, target, quotes=False, now=NOW)
        assert {(item.kind, item.ap_id) for item in listed.items} >= {
            ("post", "http://home.test/post/1"),
            ("comment", "http://home.test/comment/1"),
            ("person", f"http://home.test/u/{planted.words['name']}"),
        }
        assert rows(archive, "SELECT count(*) FROM takedowns") == [(0,)]
    assert _content(tmp_path) == before


def _content(folder: Path) -> str:
    with archive_in(folder) as archive:
        return content_digest(archive)


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from thread_archive.archiving import redacting, targets
from thread_archive.store.archive import Archive
from thread_archive.store.redaction import sweeping

class Killed(BaseException): pass
count = 0
def trace(statement):
    global count
    count += 1
    if count == int(sys.argv[3]):
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
with Archive.open(Path(sys.argv[1])) as archive:
    target = targets.person(archive, sys.argv[2])
    archive.db.conn.set_trace_callback(trace)
    redacting.redact(archive, target, now=datetime(2026, 4, 1, tzinfo=UTC))
print(count)
"""


def test_a_killed_redaction_is_finished_by_the_same_command(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    planted = plant(tmp_path / "whole")
    who = f"@{planted.words['name']}@home.test"
    with archive_in(tmp_path / "whole") as archive, archive.transaction() as connection:
        # By which salt somebody is called something else is otherwise chosen anew after a kill.
        takedowns.salted(connection)
    shutil.copytree(tmp_path / "whole", tmp_path / "counted")
    statements = int(_killed_at(tmp_path / "counted", who, 0))
    gone = planted.all_but(*OTHERS, "passage")
    last = range(statements - 8, statements + 1)
    for at in sorted({*range(1, statements, statements // 8), *last}):
        folder = tmp_path / f"killed-{at}"
        shutil.copytree(tmp_path / "whole", folder)
        _killed_at(folder, who, at)
        redacted(folder, "person", who)
        assert found_in(folder, gone) == {}, at
        assert unsound(folder) == []
        assert _content(folder) == _content(tmp_path / "counted")


def _killed_at(folder: Path, who: str, statement: int) -> str:
    command = [sys.executable, "-c", KILLED, str(folder / "archive.db"), who, str(statement)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def test_a_reader_of_an_older_state_keeps_the_file_from_being_swept_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(tmp_path)
    monkeypatch.setattr(sweeping, "_PATIENCE_MS", 100)
    reader = sqlite3.connect(tmp_path / "archive.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM posts").fetchone()
    done = redacted(tmp_path, "comment", "http://home.test/comment/1")
    assert not done.swept
    assert [text.partition(" ")[0] for text in unsound(tmp_path)] == ["redaction"]
    assert found_in(tmp_path, planted.of("comment")) != {}
    reader.close()
    with archive_in(tmp_path) as archive:
        assert finish(archive)
    assert found_in(tmp_path, planted.of("comment")) == {}
    assert unsound(tmp_path) == []


STATES = st.lists(
    st.tuples(
        st.sampled_from(["", "first", "second", "@mara_finch@home.test said", "quoting first words"]),
        st.sampled_from([None, "2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"]),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=20)
@given(
    states=st.tuples(STATES, STATES, STATES),
    titles=st.lists(st.sampled_from(["first", "second", "third"]), min_size=4, max_size=4),
    what=st.sampled_from(["@mara_finch@home.test", "@tobias_oak@home.test", "1", "2", "thread", "/first|second/"]),
    line=st.sampled_from(["0.18.5", "0.19.2", "0.19.20", "1.0.0"]),
)
def test_whatever_was_seen_before_a_reread_gives_the_redacted_rows_and_another_visit_changes_nothing(
    states: tuple[list[Any], ...], titles: list[str], what: str, line: str
) -> None:
    world = thread(v4() if line == "1.0.0" else v3(version=line), ["x", Reply(text="y", to=1), Reply(text="z", to=1)])
    with TemporaryDirectory() as name, Server(world) as server:
        folder = Path(name)
        for visit in range(max(map(len, states))):
            world.posts[1].title = titles[visit]
            for number, seen in enumerate(states, 1):
                body, edited, deleted, removed = seen[min(visit, len(seen) - 1)]
                comment = world.comments[number]
                comment.content, comment.updated, comment.deleted, comment.removed = body, edited, deleted, removed
            with archive_in(folder) as archive:
                add(archive, server, URL)
        scope = {"@": "person", "/": "pattern", "t": "thread"}.get(what[0], "comment")
        text = "1" if scope == "thread" else f"http://home.test/comment/{what}" if scope == "comment" else what
        redacted(folder, scope, text)
        assert unsound(folder) == []
        assert reads_the_same(folder)
        if scope != "pattern":
            before = _content(folder)
            with archive_in(folder) as archive:
                add(archive, server, URL)
            assert _content(folder) == before


@pytest.mark.parametrize("ap_id", ["https://tooter.test/users/Mara", "http://kbin.test/u/Mara", "https://m.test/@Mara"])
def test_somebody_who_is_not_here_yet_is_kept_out_whatever_their_profile_is_called(ap_id: str, tmp_path: Path) -> None:
    host = ap_id.split("/")[2]
    world = thread(v3(), [Reply(text="x", fields={"creator_id": 3}), Reply(text="edited")])
    world.persons[3].name, world.persons[3].ap_id = "Mara", ap_id
    redacted(tmp_path, "person", f"mara@{host}")
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert rows(archive, "SELECT count(*) FROM people WHERE name LIKE 'redacted-%'") == [(1,)]
        assert rows(archive, "SELECT body FROM comments") == [("[redacted]",), ("edited",)]
    before = _content(tmp_path)
    assert redacted(tmp_path, "person", f"mara@{host}").items == ()
    assert _content(tmp_path) == before
    assert found_in(tmp_path, ["mara"]) == {}


# What says where, when, of which kind and by whom, and columns that one statement treats like a planted neighbour.
STRUCTURE = {
    "exchanges": {"purpose", "method", "final_url", "headers", "requested_at", "withheld"},
    "captures": {"kind", "status", "started_at", "finished_at", "owner", "home", "plan"},
    "communities": {"ap_id", "name", "visibility"},
    "community_claims": {"name", "visibility"},
    "posts": {
        *("ap_id", "published_at", "edited_at", "language", "slug", "body_text", "body_html"),
        *("gone_at", "purged_at", "purged_by", "attested_by"),
    },
    "comments": {
        *("ap_id", "path", "published_at", "edited_at", "language", "missing_reason"),
        *("gone_at", "purged_at", "purged_by", "attested_by"),
    },
    "cross_posts": {"ap_id", "community_ap_id", "community_name"},
    "post_revisions": {"digest", "edited_at", "language", "alt_text", "embed_title", "embed_description"},
    "comment_revisions": {"digest", "edited_at", "language"},
    "articles": {
        *("status", "reason", "site", "published_at", "published_by", "language", "licence", "canonical_url", "robots"),
        *("extractor", "extractor_version", "fetched_at"),
    },
    "article_paragraphs": {"kind"},
    "article_revisions": {"digest", "url", "byline", "fetched_at"},
    "links": {"kind", "domain"},
    "local_ids": {"withdrawn"},
    "quotes": {"target_kind"},
}
WITHOUT_TEXT = {"instances", "optouts", "settings", "takedowns", "redaction_log", "_sqlite_migrations"}


def test_every_column_that_holds_text_was_planted_in_so_that_a_new_one_cannot_be_forgotten(tmp_path: Path) -> None:
    planted = plant(tmp_path)
    with archive_in(tmp_path) as archive:
        tables = rows(archive, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%'")
        for (table,) in tables:
            if table in WITHOUT_TEXT:
                continue
            for column, kind in rows(archive, "SELECT name, type FROM pragma_table_info(?)", table):
                if kind != "TEXT" or column in STRUCTURE.get(table, set()):
                    continue
                values = rows(archive, f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
                held = " ".join(value for (value,) in values).lower()
                assert any(word in held for word in planted.words.values()), f"nothing is planted in {table}.{column}"
