"""
Whole archives, row by row, against what they were: a change of any stored value shows here.

`python tests/archiving/test_snapshots.py` writes the snapshots anew, to be read before they are committed.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest

from fake_lemmy import Server, manifest, world_from
from runs import add, archive_in
from thread_archive.store.dump import content

SNAPSHOTS = Path(__file__).parents[2] / "fixtures" / "snapshots"
THREADS = {
    "article-0.18": ("lemmy-0.18.5", "article"),
    "long-0.19": ("lemmy-0.19.20", "long"),
    "markup-1.0": ("lemmy-1.0.0-beta.1", "markup"),
    "crosspost-0.19": ("lemmy-0.19.20", "crosspost"),
    "removed-0.19": ("lemmy-0.19.20", "removed"),
    "deleted-1.0": ("lemmy-1.0.0-beta.1", "deleted"),
}


def lines_of(name: str, folder: Path) -> Iterator[str]:
    capture, thread = THREADS[name]
    told = manifest(capture)
    with Server(world_from(capture)) as server, archive_in(folder, f"{name}.db") as archive:
        add(archive, server, f"{told['base']}/post/{told['posts'][thread]}")
        for line in content(archive):
            yield json.dumps(json.loads(line), ensure_ascii=False)


@pytest.mark.parametrize("name", THREADS)
def test_a_captured_thread_gives_the_archive_it_always_gave(name: str, tmp_path: Path) -> None:
    expected = (SNAPSHOTS / f"{name}.jsonl").read_text("utf-8").splitlines()
    assert list(lines_of(name, tmp_path)) == expected


def write(folder: Path) -> None:
    SNAPSHOTS.mkdir(exist_ok=True)
    for name in THREADS:
        (SNAPSHOTS / f"{name}.jsonl").write_text("\n".join(lines_of(name, folder)) + "\n", "utf-8")


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as temporary:
        write(Path(temporary))
