"""The article beside its discussion: real pages from a real web server on loopback, from `add` to search."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from everything import found_in
from fake_lemmy import Server, World, thread
from fake_lemmy.growing import Reply
from fetching.servers import Asked, Script, answer, page, site
from fetching.servers import Server as WebServer
from runs import add, archive_in, rows, v3
from searches import search
from thread_archive.archiving import Receipt, deriving, fetch_article, reread, targets
from thread_archive.archiving.deriving import LEAST_WORDS
from thread_archive.archiving.redacting import redact
from thread_archive.fetching.client import Client
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content, content_digest

LINK = "http://news.test/ledgers"
SENTENCES = [
    f"In winter number {number} the harbour master carried the {word} ledgers up the tower before the water came in."
    for number, word in enumerate(("oldest", "heaviest", "driest", "thickest", "newest", "rarest", "finest", "largest"))
]
SENTENCES[2] = (
    "Only the deaf grey cat of the customs house saw how the driest of them floated past the fish market at dawn."
)
CLUTTER = "<nav><a href=/a>Home</a> <a href=/b>Sport</a></nav>"


def article_page(*sentences: str, title: str = "The ledgers of the tower") -> bytes:
    text = "".join(f"<p>{sentence}</p>" for sentence in sentences or SENTENCES)
    head = f"<title>{title}</title><meta name=author content='Edda Marsh'>"
    return f"<html lang=en><head>{head}</head><body>{CLUTTER}<article><h1>{title}</h1>{text}</article></body>".encode()


@dataclass
class Setting:
    lemmy: Server
    web: WebServer
    archive: Archive
    world: World

    def add(self, **more: object) -> Receipt:
        def resolver(host: str, port: int) -> list[tuple[str, int]]:
            if host == "news.test":
                return [("127.0.0.1", self.web.port)]
            if host == "dead.test":
                raise socket.gaierror(socket.EAI_NONAME, "no such host")
            return self.lemmy.resolver(host, port)

        settings = {"article": True, "resolver": resolver} | more
        (receipt,) = add(self.archive, self.lemmy, "http://home.test/post/1", **settings)
        return receipt


@contextmanager
def setting(
    folder: Path, script: Script | bytes, comments: list[str | Reply] | None = None, **post: object
) -> Iterator[Setting]:
    world = thread(v3(), comments or [], post={"url": LINK, "body": ""} | post)
    with Server(world) as lemmy, WebServer(site(script)) as web, archive_in(folder) as archive:
        yield Setting(lemmy=lemmy, web=web, archive=archive, world=world)


def sound(archive: Archive) -> bool:
    return not [finding for finding in check(archive) if not finding.ok]


def test_a_thread_about_a_link_keeps_the_page_and_is_found_by_a_word_of_either(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), ["Who paid the porters?"]) as here:
        receipt = here.add()
        assert (receipt.article.status, receipt.article.title) == ("stored", "The ledgers of the tower")
        assert rows(here.archive, "SELECT byline, url, is_page FROM articles") == [("Edda Marsh", LINK, 1)]
        assert [hit.kind for hit in search(here.archive, "thickest")] == ["article"]
        assert [hit.kind for hit in search(here.archive, "porters")] == ["comment"]
        assert "Sport" not in rows(here.archive, "SELECT html FROM articles")[0][0]
        assert sound(here.archive)


def test_a_second_visit_asks_whether_the_page_changed_and_writes_nothing_if_not(tmp_path: Path) -> None:
    def script(asked: Asked) -> bytes:
        if asked.headers.get("if-none-match") == '"one"':
            return answer(b"", 304, etag='"one"')
        return page(article_page(), etag='"one"')

    with setting(tmp_path, script, ["Who paid?"]) as here:
        here.add()
        before = list(content(here.archive))
        assert here.add().article.status == "unchanged"
        assert list(content(here.archive)) == before
        assert here.web.asked[-1].headers["if-none-match"] == '"one"'


def test_what_a_changed_page_said_before_becomes_a_revision(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), [f"> {SENTENCES[2]}\n\nReally?"]) as here:
        here.add()
        assert rows(here.archive, "SELECT target_kind, marked FROM quotes") == [("article", 1)]
        here.web.script = site(
            page(
                article_page(
                    *SENTENCES[:2], "Nobody knows who carried them in the end, says the clerk.", *SENTENCES[3:]
                )
            )
        )
        assert here.add().article.status == "updated"
        assert SENTENCES[2] in rows(here.archive, "SELECT html FROM article_revisions")[0][0]
        assert rows(here.archive, "SELECT count(*) FROM quotes") == [(0,)]
        assert {hit.kind for hit in search(here.archive, "driest")} == {"comment"}
        assert [hit.kind for hit in search(here.archive, "clerk")] == ["article"]
        assert sound(here.archive)


def test_rereading_the_captures_gives_the_same_articles_links_and_quotes(tmp_path: Path) -> None:
    with setting(
        tmp_path, page(article_page()), [f"> {SENTENCES[2]}\n\nSee https://example.org/?utm_source=x too."]
    ) as here:
        here.add()
        here.web.script = site(page(article_page(*SENTENCES[:5])))
        here.add()
        before = list(content(here.archive))
        reread(here.archive)
        assert list(content(here.archive)) == before
        assert rows(here.archive, "SELECT url FROM links WHERE comment_id IS NOT NULL") == [("https://example.org/",)]
        assert sound(here.archive)


def test_a_reply_that_repeats_a_sentence_of_its_parent_without_a_mark_quotes_it(tmp_path: Path) -> None:
    said = "The harbour master has kept the ledgers from 1961 to 1974 in a drawer of the tower."
    with setting(tmp_path, page(article_page()), [said, Reply(text=f"{said}\n\nWhich drawer?", to=1)]) as here:
        here.add()
        found = rows(here.archive, "SELECT comment_id, target_comment_id, marked, start, end FROM quotes")
        assert found == [(2, 1, 0, 0, len(said))]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (page(b"<p>gone</p>", 404), "error 404"),
        (page(b"%PDF-1.7", content_type="application/pdf"), "PDF"),
        (page(b"\xff\xd8\xff", content_type="image/jpeg"), "image"),
        (page(b"<html><body><div id=root></div></body></html>"), "No readable text"),
        (
            page(b"<html><body><form>We value your privacy. <button>Accept all cookies</button></form></body></html>"),
            "",
        ),
        (page(b"oops", 500), "error 500"),
        ([None], "connection"),
    ],
    ids=["gone", "pdf", "image", "empty", "consent", "failing", "broken off"],
)
def test_a_page_that_gives_no_article_never_fails_the_thread_and_the_receipt_says_why(
    script: Script | bytes | list[None], says: str, tmp_path: Path
) -> None:
    play = script if isinstance(script, bytes) else lambda _: script
    copy = "There is a copy at https://web.archive.org/web/20250101000000/http://news.test/ledgers here."
    with setting(tmp_path, play, [copy]) as here:
        receipt = here.add(patience=0.1)
        assert (receipt.status, receipt.exit_code, receipt.stored) == ("complete", 0, 1)
        assert receipt.article.status == "failed"
        assert says in receipt.article.reason
        assert "https://web.archive.org/web/20250101000000/http://news.test/ledgers" in receipt.article.reason
        assert rows(here.archive, "SELECT status, html FROM articles") == [("failed", "")]
        assert sound(here.archive)


def test_a_page_that_cannot_be_had_any_more_stays_as_it_was_kept(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page())) as here:
        here.add()
        here.web.script = site(page(b"gone", 410))
        assert here.add().article.status == "failed"
        assert SENTENCES[0] in rows(here.archive, "SELECT html FROM articles")[0][0]
        assert "410" in rows(here.archive, "SELECT reason FROM articles")[0][0]


def test_a_discussion_behind_a_link_is_not_kept_not_even_as_evidence(tmp_path: Path) -> None:
    body = (
        b'<html><head><script nonce=x>window.isoData = {"routeData":{}};</script></head>'
        b"<body><article class=comment-node>secret words</article></body></html>"
    )
    with setting(tmp_path, page(body)) as here:
        assert here.add().article.status == "failed"
        assert rows(
            here.archive,
            """SELECT withheld, size FROM exchanges JOIN exchange_bodies AS b ON b.id = body_id
               WHERE purpose = 'article'""",
        ) == [('[""]', 0)]


def test_the_posts_own_long_body_is_an_article_and_is_found_by_paragraph(tmp_path: Path) -> None:
    body = "\n\n".join(SENTENCES)
    with setting(tmp_path, page(article_page()), [f"> {SENTENCES[1]}\n\nHm."], url=None, body=body) as here:
        receipt = here.add()
        assert receipt.article.status == "body"
        assert rows(here.archive, "SELECT is_body, is_page FROM articles") == [(1, 0)]
        assert [hit.kind for hit in search(here.archive, "thickest")] == ["article"]
        assert rows(here.archive, "SELECT target_kind FROM quotes") == [("article",)]
        assert here.web.asked == []
        assert sound(here.archive)


@pytest.mark.parametrize("sign", ["ລ", "ក", "က", "ก", "水"], ids=["Lao", "Khmer", "Burmese", "Thai", "Chinese"])
def test_a_long_body_is_an_article_in_scripts_without_spaces_too(sign: str, tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), url=None, body=sign * LEAST_WORDS) as here:
        assert here.add().article.status == "body"
        here.world.posts[1].body = sign * (LEAST_WORDS - 1)
        assert here.add().article.status == "none"


def test_a_body_that_older_rules_judged_is_judged_again_by_the_next_visit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with setting(tmp_path, page(article_page()), url=None, body="\n\n".join(SENTENCES)) as here:
        with monkeypatch.context() as older:
            older.setattr(deriving, "LEAST_WORDS", 1_000)
            older.setattr(deriving, "VERSION", 1_001)
            assert here.add().article.status == "none"
        assert here.add().article.status == "body"


def test_a_body_that_is_the_linked_page_is_one_article_with_two_sources(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), body="\n\n".join(SENTENCES)) as here:
        assert here.add().article.status == "stored"
        assert rows(here.archive, "SELECT is_body, is_page FROM articles") == [(1, 1)]
        assert len(search(here.archive, "thickest")) == 1
        assert sound(here.archive)


def test_a_body_that_changes_leaves_no_trace_in_articles_or_index(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), url=None, body="\n\n".join(SENTENCES)) as here:
        here.add()
        here.world.posts[1].body = "Withdrawn by me, sorry."
        here.world.posts[1].updated = "2026-03-05T00:00:00.000000Z"
        here.add()
        assert rows(here.archive, "SELECT count(*) FROM articles") == [(0,)]
        assert search(here.archive, "thickest") == ()
        assert [hit.kind for hit in search(here.archive, "sorry")] == ["post"]
        assert sound(here.archive)


def test_a_withdrawn_post_takes_its_article_quotes_and_links_out_of_the_current_state(tmp_path: Path) -> None:
    quoting = f"> {SENTENCES[2]}\n\nReally? https://example.org/x"
    with setting(tmp_path, page(article_page()), [quoting]) as here:
        here.add()
        here.world.posts[1].removed = True
        here.world.comments[1].deleted = True
        here.add()
        assert rows(here.archive, "SELECT html, title, url, status FROM articles") == [("", "", "", "withdrawn")]
        for table in ("article_paragraphs", "quotes", "links"):
            assert rows(here.archive, f"SELECT count(*) FROM {table}") == [(0,)]
        assert search(here.archive, "thickest") == ()
        assert rows(here.archive, "SELECT count(*) FROM article_revisions") == [(1,)]
        before = list(content(here.archive))
        reread(here.archive)
        assert list(content(here.archive)) == before
        assert sound(here.archive)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://pics.test/cat.jpg", "image"),
        ("http://home.test/post/7", "Lemmy"),
        ("https://www.youtube.com/watch?v=x", "video"),
    ],
)
def test_pictures_videos_and_lemmys_own_pages_are_not_fetched(url: str, why: str, tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), url=url) as here:
        receipt = here.add()
        assert receipt.article.status == "skipped"
        assert why in receipt.article.reason
        assert here.web.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://[x/y", "http://[::1", "https://exa mple", "http://a:99999999/", "http://\u2100.com/", "//[x",
        "https://me:word@[x/y", "https://[redacted]/a",
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_read_costs_its_article_and_not_the_threads_after_it(url: str, tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), ["one"], url=url) as here:
        here.world.posts[2] = replace(here.world.posts[1], id=2, ap_id="http://home.test/post/2", url=None)
        found = add(here.archive, here.lemmy, "http://home.test/post/1", "http://home.test/post/2", article=True)
        assert [receipt.status for receipt in found] == ["complete", "complete"]
        assert [receipt.article.status for receipt in found] == ["skipped", "none"]
        assert "redacted" in found[0].article.reason or "is not a web address" in found[0].article.reason
        assert here.web.asked == []
        assert sound(here.archive)


@pytest.mark.parametrize("url", ["http://home.test:80/c/harbour", "http://HOME.test./c/harbour"])
def test_a_page_of_an_instance_is_known_however_its_host_is_written(url: str, tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), url=url) as here:
        receipt = here.add()
        assert (receipt.article.status, "Lemmy" in receipt.article.reason) == ("skipped", True)


def test_a_page_on_a_host_that_instances_cannot_have_is_kept(tmp_path: Path) -> None:
    def script(asked: Asked) -> bytes:
        elsewhere = answer(b"", 302, location=f"http://moved-.test:{here.web.port}/ledgers")
        return elsewhere if asked.headers["host"] == "news.test" else page(article_page())

    with setting(tmp_path, script) as here:
        receipt = here.add(
            resolver=lambda host, port: (
                here.lemmy.resolver(host, port) if "home" in host else [("127.0.0.1", here.web.port)]
            )
        )
        assert receipt.article.status == "stored"
        assert sound(here.archive)


def test_robots_txt_is_obeyed_unless_told_otherwise(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page())) as here:
        here.web.script = site(
            page(article_page()), robots=page(b"User-agent: *\nDisallow: /", content_type="text/plain")
        )
        receipt = here.add()
        assert (receipt.article.status, "robots.txt" in receipt.article.reason) == ("failed", True)
        assert rows(here.archive, "SELECT count(*) FROM exchanges WHERE purpose = 'article'") == [(0,)]


def test_a_dead_site_is_told_and_the_thread_is_whole(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page()), ["one"], url="http://dead.test/x") as here:
        receipt = here.add()
        assert (receipt.status, receipt.article.status) == ("complete", "failed")
        assert "dead.test" in receipt.article.reason


def test_no_article_fetches_none(tmp_path: Path) -> None:
    with setting(tmp_path, page(article_page())) as here:
        assert here.add(article=False).article.status == "not_fetched"
        assert here.web.asked == []


WHO = "@tobias_oak@home.test"


def test_a_page_that_is_fetched_after_somebody_was_redacted_does_not_name_them(tmp_path: Path) -> None:
    mentions = [f"Ask {WHO} on <a href='http://home.test/u/tobias_oak'>her <b>page</b></a>.", *SENTENCES]
    with setting(tmp_path, page(article_page(*mentions, title=f"By {WHO}"))) as here:
        redact(here.archive, targets.person(here.archive, WHO), now=datetime(2026, 4, 1, tzinfo=UTC))
        assert here.add().article.status == "stored"
        assert rows(here.archive, "SELECT title FROM articles") == [("By [redacted]",)]
        assert rows(here.archive, "SELECT text FROM article_paragraphs LIMIT 2") == [
            ("Ask [redacted] on her page.",), (SENTENCES[0],)
        ]  # fmt: skip
        assert here.add().article.status == "unchanged"
        before = content_digest(here.archive)
        reread(here.archive)
        assert content_digest(here.archive) == before
        assert sound(here.archive)
    assert found_in(tmp_path, ["tobias_oak"]) == {}


@pytest.mark.parametrize(
    ("mention", "charset"),
    [("@tobias_oak&#64;home.test", "utf-8"), ("@<b>tobias</b>_oak@home.test", "utf-8"), (WHO, "utf-16")],
    ids=["a character reference", "a tag", "UTF-16"],
)
def test_a_page_that_writes_a_redacted_name_in_a_way_of_its_own_is_not_kept_in_the_raw(
    mention: str, charset: str, tmp_path: Path
) -> None:
    body = article_page(f"Ask {mention} where the ferrymen slept.", *SENTENCES).decode().encode(charset)
    with setting(tmp_path, page(body, content_type=f"text/html; charset={charset}")) as here:
        redact(here.archive, targets.person(here.archive, WHO), now=datetime(2026, 4, 1, tzinfo=UTC))
        assert here.add().article.status == "stored"
        before = content_digest(here.archive)
        reread(here.archive)
        assert content_digest(here.archive) == before
        assert rows(here.archive, "SELECT text FROM article_paragraphs WHERE number = 1") == [
            ("Ask [redacted] where the ferrymen slept.",)
        ]
        raw = "FROM exchanges JOIN exchange_bodies AS body ON body.id = body_id WHERE purpose = 'article'"
        assert rows(here.archive, f"SELECT size, withheld {raw}") == [(0, '[""]')]
    assert found_in(tmp_path, ["tobias"]) == {}


def test_a_page_under_way_is_dropped_when_its_post_is_redacted_meanwhile(tmp_path: Path) -> None:
    def redacting(_: Asked) -> bytes:
        with archive_in(tmp_path) as other:
            redact(other, targets.thread(other, 1), now=datetime(2026, 4, 1, tzinfo=UTC))
        return page(article_page())

    with setting(tmp_path, redacting) as here:
        assert here.add().article.status == "none"
        assert sound(here.archive)
    assert found_in(tmp_path, ["heaviest", "ledgers", "tide left"]) == {}


def test_a_page_asked_for_by_itself_is_dropped_when_its_post_is_redacted_meanwhile(tmp_path: Path) -> None:
    def redacting(_: Asked) -> bytes:
        with archive_in(tmp_path) as other:
            redact(other, targets.thread(other, 1), now=datetime(2026, 4, 1, tzinfo=UTC))
        return page(article_page())

    with setting(tmp_path, redacting) as here:
        here.add(article=False)
        resolver = lambda _host, _port: [("127.0.0.1", here.web.port)]  # noqa: E731
        with Client(rate=0, allow_private_network=True, resolver=resolver) as client:
            receipt = fetch_article(here.archive, client, 1, ignore_robots=True, now=datetime(2026, 4, 2, tzinfo=UTC))
        assert receipt.status == "none"
        assert sound(here.archive)
    assert found_in(tmp_path, ["heaviest", "ledgers", "tide left"]) == {}
