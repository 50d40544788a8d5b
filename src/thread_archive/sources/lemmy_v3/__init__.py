"""Lemmy 0.18 and 0.19: `/api/v3`."""

import re

from thread_archive.captures import Exchange
from thread_archive.sources._reading import Reader
from thread_archive.sources.lemmy_v3 import wire

READER = Reader(name="lemmy_v3", prefix="/api/v3", wire=wire)

# Inside of a text the quotes are escaped.
_NOBODYS_INSTANCE = re.compile(rb'"instance_id"\s*:\s*0\b')


def is_remnant(answer: Exchange) -> bool:
    """
    Whether an answer comes from what is left of v3 in 1.0, which invents what it has lost.

    To it all people are of instance 0, where ids begin at 1 (1.0.0-beta.1).
    """
    return bool(_NOBODYS_INSTANCE.search(answer.body))
