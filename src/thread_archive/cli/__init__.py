"""
The command line: one command a file.

Nothing is imported before it is known to be needed: `thread-archive --help` answers in the time Python takes to start.
"""

import os
import sys

INTERRUPTED = 130
NOTHING_LOST = "Interrupted. Nothing that was stored is lost; the same command goes on from there."

VERBS: dict[str, str] = {
    "add": "archive threads by URL",
    "article": "fetch the page that a thread is about, now or again",
    "ls": "list the threads in the archive",
    "show": "read a thread",
    "search": "find words in articles, posts and comments",
    "serve": "browse the archive with Datasette",
    "snapshot": "make a read-only copy to share",
    "verify": "check a snapshot",
    "open": "look at a snapshot in the browser",
    "import": "take somebody's snapshot into the archive",
    "export": "write one thread to one file",
    "login": "keep a login for one instance",
    "logout": "forget the login for an instance",
    "reread": "rebuild the content from the kept answers",
    "redact": "erase somebody's words from the archive, and keep them out",
    "doctor": "check the archive",
    "demo": "archive a bundled thread, to see how it goes",
}


def program() -> str:
    """What this program is started with: whoever starts it another way says so in $THREAD_ARCHIVE_COMMAND."""
    return os.environ.get("THREAD_ARCHIVE_COMMAND") or "thread-archive"


def overview() -> str:
    """What `thread-archive --help` prints."""
    verbs = "\n".join(f"  {verb:<8} {summary}" for verb, summary in VERBS.items())
    return f"""Usage: {program()} VERB [OPTIONS] …

Archive a Lemmy thread by its URL: whole, and proven whole.

{verbs}

`{program()} VERB --help` says more. Every verb takes --db PATH (default: archive.db,
or $THREAD_ARCHIVE_DB) and is safe to repeat.

Exit codes: 0 done · 1 something is missing and unexplained · 2 not understood ·
3 a server did not give it · 4 a server made no sense · 5 the archive cannot be used ·
6 a snapshot does not verify
"""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        sys.exit(_answer(sys.argv[1:]))
    except KeyboardInterrupt:
        # While modules are imported, for the most part: from then on the verb itself says so.
        print(f"thread-archive: {NOTHING_LOST}", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _answer(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        if sys.stdout is not None:
            sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
            sys.stdout.write(overview())
        return 0
    from thread_archive.cli.running import run

    return run(arguments)
