"""Verifying: what was changed is noticed, what is hostile is refused, and nothing in it gets to run."""

import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from browsers import need
from fake_lemmy import Server, thread
from runs import add, archive_in, rows, v3
from snapshots.building import ONE, PLAIN, made
from thread_archive.exceptions import InputError, SnapshotDamagedError
from thread_archive.snapshots import zips
from thread_archive.snapshots.manifest import write_manifest
from thread_archive.snapshots.opening import front_page
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Making, check_target, make

FLIPS = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("folder")).path


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("zip"), name="bundle.zip", making=Making(site=False, zipped=True)).path


def copied(original: Path, tmp_path: Path) -> Path:
    copy = tmp_path / original.name
    if original.is_dir():
        shutil.copytree(original, copy)
        for path in copy.rglob("*"):
            path.chmod(0o644)
    else:
        shutil.copy(original, copy)
        copy.chmod(0o644)
    return copy


def wrong(path: Path, **more: Path) -> set[str]:
    return {finding.check for finding in verify(path, **more) if not finding.ok}


def test_a_sound_snapshot_verifies(folder: Path, zipped: Path) -> None:
    for path in (folder, zipped):
        findings = list(verify(path))
        assert all(finding.ok for finding in findings)
        checks = {finding.check for finding in findings}
        assert checks >= {
            "form",
            "list",
            "files",
            "schema",
            "types",
            "database",
            "references",
            "index",
            "counts",
            "content",
        }


def test_a_post_without_a_title_whose_body_is_an_article_verifies(tmp_path: Path) -> None:
    body = "\n\n".join(" ".join(f"Word{number}x{word}" for word in range(60)) + "." for number in range(8))
    world = thread(v3("one.test"), ["An answer"], post={"title": "", "body": body})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, ONE)
        assert rows(archive, "SELECT count(*) FROM articles WHERE is_body = 1") == [(1,)]
        bundle = make(archive, tmp_path / "bundle", select(archive, Wanted()), PLAIN).path
    assert not wrong(bundle)


def flip(path: Path, at: int, random: Random) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        before = file.read(1)[0]
        file.seek(at)
        file.write(bytes([before ^ (1 << random.randrange(8))]))


def test_each_of_200_flipped_bits_of_a_folder_is_noticed(folder: Path, tmp_path: Path) -> None:
    random = Random(6)
    copy = copied(folder, tmp_path)
    files = sorted(copy.iterdir())
    for number in range(FLIPS):
        # Half of them anywhere, half in the small files, each of which is a small part of the whole.
        path = random.choice(files) if number % 2 else max(files, key=lambda file: file.stat().st_size)
        before = path.read_bytes()
        at = random.randrange(len(before))
        flip(path, at, random)
        assert wrong(copy), f"{path.name} {at}"
        path.write_bytes(before)
    assert not wrong(copy)


def test_each_of_200_flipped_bits_of_a_zip_is_noticed(zipped: Path, tmp_path: Path) -> None:
    random = Random(7)
    copy = copied(zipped, tmp_path)
    before = copy.read_bytes()
    # Headers, the list of contents and the end are a small part of it: half of the flips are theirs.
    with copy.open("rb") as file:
        members = zips.members_of(file)
    headers = [at for member in members for at in range(member.offset, member.start)]
    headers += range(members[-1].start + members[-1].packed, len(before))
    for number in range(FLIPS):
        at = random.choice(headers) if number % 2 else random.randrange(len(before))
        flip(copy, at, random)
        assert wrong(copy), at
        copy.write_bytes(before)
    assert not wrong(copy)


def test_missing_and_extra_files_are_named(folder: Path, tmp_path: Path) -> None:
    copy = copied(folder, tmp_path)
    (copy / "README.txt").unlink()
    (copy / "more.html").write_text("<script>")
    findings = {finding.path: finding.message for finding in verify(copy) if not finding.ok}
    assert findings == {"README.txt": "it is missing", "more.html": "it is not in the list"}


def rewritten(bundle: Path, statements: str) -> None:
    """Change the database behind its maker's back, and list it as if it were whole."""
    path = bundle / "archive.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(statements)
    connection.close()
    (bundle / "manifest-sha256.txt").unlink()
    write_manifest(bundle)


@pytest.mark.parametrize(
    ("statements", "check"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON posts BEGIN DELETE FROM posts; END", "schema"),
        ("CREATE VIEW v AS SELECT 1", "schema"),
        ("CREATE TABLE more (x)", "schema"),
        ("CREATE INDEX more ON posts(title)", "schema"),
        ("DROP VIEW search_content; CREATE VIEW search_content AS SELECT load_extension('x') AS id", "schema"),
        ("PRAGMA application_id = 1", "schema"),
        ("PRAGMA user_version = 99", "schema"),
        ("DELETE FROM settings", "schema"),
        ("UPDATE posts SET creator_id = 99999", "references"),
        ("UPDATE comments SET body = 'put into their mouth' WHERE id = 1", "content"),
        ("UPDATE comments SET body = 'put into their mouth' WHERE id = 1", "index"),
        ("UPDATE comments SET body_html = '<p onclick=\"x()\">a</p>' WHERE id = 1", "html"),
        ('UPDATE comments SET body_html = \'<a href="javascript:x()" rel="nofollow">a</a>\' WHERE id = 1', "html"),
        ("UPDATE comments SET body_html = '</div></section><h1>Fake</h1>' WHERE id = 1", "html"),
        ("UPDATE posts SET body_html = '<p style=\"position: fixed\">a</p>' WHERE id = 1", "html"),
        ("UPDATE posts SET body_html = '<p>a</p><!-- ' WHERE id = 1", "html"),
        ("DELETE FROM search_items WHERE id = 5", "index"),
        ("DELETE FROM scores; DELETE FROM local_ids; DELETE FROM comments WHERE id = 6", "counts"),
    ],
)
def test_a_database_that_was_changed_and_listed_again_is_found_out(
    folder: Path, tmp_path: Path, statements: str, check: str
) -> None:
    copy = copied(folder, tmp_path)
    rewritten(copy, f"PRAGMA foreign_keys = OFF; {statements}")
    assert check in wrong(copy)


@pytest.mark.parametrize(
    ("column", "statement"),
    [
        ("comments.body_html", "UPDATE comments SET body_html = x'3c703e'"),
        ("comments.depth", "UPDATE comments SET depth = 'deep' WHERE id = 6"),
        ("posts.score", "UPDATE posts SET score = 1.5"),
        ("posts.embed_title", "UPDATE posts SET embed_title = x'00'"),
        ("cross_posts.ap_id", "INSERT INTO cross_posts SELECT 1, x'00', '', '', '', id FROM instances LIMIT 1"),
        ("captures.receipt", "UPDATE captures SET receipt = x'7b7d'"),
        ("quotes.end", "UPDATE quotes SET end = 'there'"),
        ("quotes.score", "UPDATE quotes SET score = 'much'"),
    ],
)
def test_a_value_of_another_type_than_its_column_is_named_before_anything_reads_it(
    folder: Path, tmp_path: Path, column: str, statement: str
) -> None:
    copy = copied(folder, tmp_path)
    rewritten(copy, statement)
    findings = [finding for finding in verify(copy) if not finding.ok]
    assert [finding.check for finding in findings] == ["types"]
    assert findings[0].message.startswith(f"{column} is of type ")


def test_links_are_refused(folder: Path, tmp_path: Path) -> None:
    copy = copied(folder, tmp_path)
    (copy / "README.txt").unlink()
    (copy / "README.txt").symlink_to("/etc/hostname")
    assert wrong(copy) == {"form"}
    (copy / "README.txt").unlink()
    (copy / "site").symlink_to("/etc")
    assert wrong(copy) == {"form"}


def resealed(whole: bytes) -> bytes:
    """The zip with the digest in its comment made anew, as somebody would who changes it on purpose."""
    from hashlib import sha256

    return whole[:-64] + sha256(whole[:-71]).hexdigest().encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda whole, _: b"x" + whole,
        lambda whole, _: whole + b"x",
        lambda whole, members: whole[: members[1].offset] + b"smuggled" + whole[members[1].offset :],
        lambda whole, _: whole.replace(b"README.txt", b"../../x.tx"),
        lambda whole, _: whole.replace(b"README.txt", b"/etc/x.txt"),
        lambda whole, _: whole.replace(b"metadata.json", b"archive.db\0\0\0"),
        lambda whole, _: whole.replace(struct.pack("<L", 0o100444 << 16), struct.pack("<L", 0o120777 << 16)),
        lambda whole, members: whole[:4] + b"\x2d" + whole[5:],
    ],
    ids=["before", "after", "between", "climbs", "absolute", "null", "link", "version"],
)
def test_a_zip_that_is_not_laid_out_as_ours_is_refused(
    zipped: Path, tmp_path: Path, change: Callable[[bytes, list[zips.Member]], bytes]
) -> None:
    with zipped.open("rb") as file:
        members = zips.members_of(file)
    changed = change(zipped.read_bytes(), members)
    path = tmp_path / "bundle.zip"
    path.write_bytes(changed if changed.endswith(b"x") else resealed(changed))
    assert wrong(path) == {"form"}
    path.write_bytes(resealed(changed))
    assert wrong(path)


def test_bytes_after_the_end_of_a_members_stream_are_refused(tmp_path: Path) -> None:
    name, text = "manifest-sha256.txt", b"0" * 64 + b"  README.txt\n"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(text) + packer.flush() + b"smuggled"
    member = zips.Member(name=name, crc=zlib.crc32(text), packed=len(packed), size=len(text), offset=0)
    path = tmp_path / "bundle.zip"
    path.write_bytes(sealed(member, packed))
    assert wrong(path) == {"form"}


def sealed(member: zips.Member, packed: bytes) -> bytes:
    directory = member.central_header
    start = len(member.local_header) + len(packed)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), start, 71)
    return resealed(member.local_header + packed + directory + end + b"sha256:" + b"0" * 64)


def test_a_zip_bomb_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    size = 2_000_000_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(10_000_000)
    packed = b"".join(packer.compress(zeros) for _ in range(size // len(zeros))) + packer.flush()
    for told in (size, 1000):
        member = zips.Member(name="manifest-sha256.txt", crc=0, packed=len(packed), size=told, offset=0)
        path = tmp_path / "bomb.zip"
        path.write_bytes(sealed(member, packed))
        tracemalloc.start()
        assert wrong(path) == {"form"}
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20_000_000


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\5\6" + bytes(18), b"hello" * 100, bytes(100_000)])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert wrong(path) == {"form"}
    assert wrong(tmp_path / "nothing") == {"form"}
    assert wrong(tmp_path) == {"form"}


def test_a_value_too_large_to_be_a_text_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = copied(folder, tmp_path)
    rewritten(copy, "UPDATE people SET bio = hex(zeroblob(70000000)) WHERE id = 1")
    assert wrong(copy) >= {"database"}


def test_any_zip_program_opens_a_zip(zipped: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped) as reader:
        assert reader.testzip() is None
        reader.extractall(tmp_path)
    assert (
        subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=tmp_path, check=False).returncode == 0
    )
    assert not wrong(tmp_path)
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tq", zipped], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need(shutil.which("ssh-keygen"), "ssh-keygen", "needs OpenSSH: `apt-get install openssh-client`")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
    return folder


@pytest.fixture
def signed(keys: Path, tmp_path: Path) -> Path:
    return copied(made(tmp_path, name="made", making=Making(site=False, key=keys / "mine")).path, tmp_path / "copy")


def test_a_signature_is_checked_with_and_without_knowing_whose_it_is(signed: Path, keys: Path, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.write_text(f'anna@example.org namespaces="thread-archive" {(keys / "mine.pub").read_text()}')
    assert not wrong(signed)
    assert not wrong(signed, signer=keys / "mine.pub")
    assert not wrong(signed, signer=allowed)
    assert wrong(signed, signer=keys / "other.pub") == {"signature"}


def test_the_commands_that_its_readme_names_check_it(signed: Path, keys: Path, tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    told = (signed / "README.txt").read_text().replace("SIGNERS", str(signers))
    commands = re.findall(r"`((?:sha256sum|ssh-keygen) [^`]+)`", told)
    for signer, expected in (("mine", [0, 0]), ("other", [0, 255])):
        signers.write_text(f"maker {(keys / f'{signer}.pub').read_text()}")
        ran = [subprocess.run(["sh", "-c", command], cwd=signed, check=False).returncode for command in commands]
        assert ran == expected


def test_any_flipped_bit_of_a_signature_is_noticed(signed: Path) -> None:
    path, random = signed / "manifest-sha256.txt.sig", Random(3)
    before = path.read_bytes()
    for at in range(len(before)):
        flip(path, at, random)
        assert wrong(signed) == {"signature"}, at
        path.write_bytes(before)


def test_a_list_that_was_made_anew_does_not_match_the_signature(signed: Path) -> None:
    sealed = (signed / "manifest-sha256.txt.sig").read_bytes()
    (signed / "README.txt").write_text("another")
    (signed / "manifest-sha256.txt.sig").unlink()
    rewritten(signed, "SELECT 1")
    assert wrong(signed) == {"derived"}
    (signed / "manifest-sha256.txt.sig").write_bytes(sealed)
    assert wrong(signed) == {"signature", "derived"}


def test_a_signature_that_cannot_be_checked_is_a_warning_unless_it_is_insisted_on(
    signed: Path, folder: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    warned = [finding.message for finding in verify(signed) if finding.check == "signature"]
    assert warned == ["warning: there is no ssh-keygen here to check the signature with"]
    assert not wrong(signed)
    assert wrong(signed, signer=keys / "mine.pub") == {"signature"}
    assert wrong(folder, signer=keys / "mine.pub") == {"signature"}


def test_a_description_that_is_no_description_is_found_out(folder: Path, tmp_path: Path) -> None:
    copy = copied(folder, tmp_path)
    for text in ("[" * 100_000, "{}", json.dumps({"thread_archive": 1}), "\0"):
        (copy / "datapackage.json").write_text(text)
        rewritten(copy, "SELECT 1")
        assert wrong(copy) == {"database"}


def test_a_checksum_list_that_is_larger_than_any_is_refused_by_whatever_reads_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thread_archive.snapshots.bundle.LARGEST", 10)
    assert wrong(folder) == {"form"}
    with pytest.raises(SnapshotDamagedError, match="larger"):
        front_page(folder)
    with pytest.raises(InputError, match=r"not \(only\) a snapshot"):
        check_target(folder)
