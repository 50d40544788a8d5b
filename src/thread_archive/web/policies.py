"""
What a page may load and run (Content-Security-Policy, level 3).

A file of ours is named by its hash, a script of Datasette's by a nonce that its templates are given. No answer that is
made of an archive's rows can be run as a script: an address alone allows nothing.
"""

import re
import secrets
from contextvars import ContextVar
from typing import Any

from jinja2.ext import Extension

from thread_archive.pages import assets

_REST = (
    "default-src 'none'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
# Of our own pages: the script with the very bytes that the page's `integrity` names.
OURS = "; ".join((*_REST, f"script-src '{assets.integrity('pages.js')}'", "style-src 'self'"))
# 1.0 has one script in an attribute: `onclick="openColumnChooser()"`, here as its SHA-256.
_HANDLER = "'unsafe-hashes' 'sha256-+l3zeDxxnrQy0aouZ6fIDwi+bFJ9b3COj5bWIKEUFYU='"
# Whatever a browser would run (WHATWG MIME Sniffing §4.6), in parameters' absence.
_EXECUTABLE = re.compile(r"(?:application|text)/(?:x-)?(?:java|ecma|j|live)script[\d.]*(?![\w.+-])", re.IGNORECASE)
_SCRIPT = re.compile(r"<script(?=[\s>])", re.IGNORECASE)
_nonce: ContextVar[str] = ContextVar("nonce", default="")


def new_nonce() -> str:
    """A nonce for the answer that is being made: what `template_nonces` writes from now on in this task."""
    made = secrets.token_urlsafe(18)
    _nonce.set(made)
    return made


def datasettes(nonce: str) -> str:
    """The policy of Datasette's own pages: its templates' scripts, and styles wherever they are."""
    script = f"script-src 'nonce-{nonce}' {_HANDLER}"
    return "; ".join((*_REST, script, "style-src 'self' 'unsafe-inline'"))


def is_executable(content_type: str) -> bool:
    """Whether a browser would run what comes with this type as a script."""
    return _EXECUTABLE.match(content_type.strip()) is not None


def template_nonces(environment: Any) -> None:
    """
    Give every script that stands in a template a nonce, where the answer has one.

    It is the templates' text that is read, before anything is put in: what rows hold gets none.
    """
    environment.globals["thread_archive_nonce"] = _attribute
    environment.add_extension(_ScriptNonces)


def _attribute() -> str:
    nonce = _nonce.get()
    # Letters, digits, `-` and `_`: nothing that would have to be escaped.
    return f' nonce="{nonce}"' if nonce else ""


class _ScriptNonces(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - Jinja's
        return _SCRIPT.sub(r"\g<0>{{ thread_archive_nonce()|safe }}", source)
