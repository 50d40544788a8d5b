"""Lemmy 0.18 and 0.19: `/api/v3`."""

from thread_archive.sources._reading import Reader
from thread_archive.sources.lemmy_v3 import wire

READER = Reader(name="lemmy_v3", prefix="/api/v3", wire=wire)
