"""Lemmy 1.0: `/api/v4`."""

from thread_archive.sources._reading import Reader
from thread_archive.sources.lemmy_v4 import wire

READER = Reader(name="lemmy_v4", prefix="/api/v4", wire=wire)
