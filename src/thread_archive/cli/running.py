"""Running one verb: whatever goes wrong ends as a sentence on stderr and an exit code."""

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version

import click

from thread_archive.cli import INTERRUPTED, NOTHING_LOST, VERBS, program
from thread_archive.cli.prompts import StoppedError
from thread_archive.cli.streams import give_up_output, prepare
from thread_archive.cli.terminal import as_started
from thread_archive.controls import without_controls
from thread_archive.exceptions import InputError, ThreadArchiveError

USAGE = 2
PIPE_CLOSED = 141
UNEXPECTED = 70
_DEBUG = "THREAD_ARCHIVE_DEBUG"
# Verbs that Python does not take for the name of a module.
_MODULES = {"import": "import_"}


def command_of(verb: str) -> click.Command:
    """The command behind a verb of VERBS."""
    command: click.Command = import_module(f"thread_archive.cli.{_MODULES.get(verb, verb)}").command
    return command


def run(arguments: Sequence[str]) -> int:
    """Run the verb that `arguments` begin with; returns the exit code."""
    try:
        prepare()
    except InputError as error:
        _complain(error.message, error.next)
        return error.exit_code
    # What a terminal cannot show, or nobody could have typed, gets a stand-in, not a traceback.
    for stream, errors in ((sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace"), (sys.stdin, "replace")):
        with suppress(AttributeError):
            stream.reconfigure(errors=errors)  # type: ignore[union-attr]
    if arguments[0] == "--version":
        print(f"thread-archive {version('thread-archive')}")
        return 0
    if os.environ.get(_DEBUG):
        # Our own alone: what libraries log of requests may hold a login.
        logger = logging.getLogger("thread_archive")
        handler = logging.StreamHandler()
        handler.setFormatter(_Formatter())
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    verb = arguments[0]
    if verb not in VERBS:
        _complain(f"There is no verb {verb!r}.", "`thread-archive --help` lists them.")
        return USAGE
    try:
        return _run(verb, list(arguments[1:]))
    except BrokenPipeError:
        # Whoever read the output has had enough; the interpreter must not try to flush it at exit.
        give_up_output()
        return PIPE_CLOSED


def _run(verb: str, arguments: list[str]) -> int:
    stdout = sys.stdout
    try:
        command = command_of(verb)
        code = command.main(arguments, prog_name=f"{program()} {verb}", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except StoppedError as stopped:
        _complain(stopped.outcome, "")
        return INTERRUPTED
    except (click.Abort, KeyboardInterrupt):
        _complain(NOTHING_LOST, "")
        return INTERRUPTED
    except click.ClickException as error:
        _complain(error.format_message(), f"`thread-archive {verb} --help` says more.")
        return USAGE
    except ThreadArchiveError as error:
        _complain(_one_line(error.message), _one_line(error.next))
        return error.exit_code
    except BrokenPipeError:
        raise
    except SystemExit as end:
        # rich and click, which then wraps stdout, end the process with 1 where a pipe is closed.
        if isinstance(end.__context__, BrokenPipeError) or sys.stdout is not stdout:
            raise BrokenPipeError from None
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence instead of a traceback
        if os.environ.get(_DEBUG):
            print(without_controls(traceback.format_exc()), file=sys.stderr)
        _complain(
            f"This should not have happened: {type(error).__name__}: {error}",
            "Nothing that was stored is lost. Please report it, with what THREAD_ARCHIVE_DEBUG=1 prints.",
        )
        return UNEXPECTED


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_controls(super().format(record))


def _one_line(text: str) -> str:
    """`text`, which may repeat what a server said, on one line; a path keeps its blanks."""
    return without_controls(text).replace("\n", " ")


def _complain(message: str, remedy: str) -> None:
    print(without_controls(f"thread-archive: {message} {as_started(remedy)}").rstrip(), file=sys.stderr)
