"""What we know of instances: from this run, or from the archive's memory of the last day."""

from datetime import datetime

from thread_archive.exceptions import PayloadError
from thread_archive.model import Software
from thread_archive.sources import HARVESTERS, Discovery, reader
from thread_archive.store import evidence, instances
from thread_archive.store.archive import Archive


class Acquaintances:
    """Discoveries by instance; the archive's transaction that ends a visit also notes what was learnt."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._known: dict[str, Discovery] = {}
        self._learnt: set[str] = set()
        # Exchanges in which an instance told of itself what can be read.
        self._telling: set[int] = set()

    def recall(self, instance: str, *, now: datetime) -> Discovery | None:
        """What `instance` is known to run; None where it must be asked."""
        if instance not in self._known:
            known = instances.recall(self._archive, instance, now=now)
            stored = evidence.exchange(self._archive, known.site_exchange) if known else None
            if known is None or stored is None or known.dialect not in HARVESTERS:
                return None
            self._known[instance] = Discovery(
                software=Software(name=known.software, version=known.version),
                dialect=known.dialect,
                site=reader(known.dialect).site(evidence.load(self._archive, stored)),
            )
        return self._known[instance]

    def learn(self, instance: str, discovery: Discovery) -> None:
        """Take note of what an instance has just said of itself."""
        self._known[instance] = discovery
        self._learnt.add(instance)

    def site_exchange(self, instance: str, base: str) -> int:
        """
        The row id of the newest exchange in which an instance that is known told about itself.

        While it was failing it may have answered the same question with anything.
        """
        dialect = self._known[instance].dialect
        told_by = evidence.told_by(self._archive, instance, base + reader(dialect).site_path)
        site = next((row_id for row_id in told_by if self._tells(row_id, dialect)), None)
        if site is None:
            raise AssertionError(f"{instance} was recognised without having answered")
        return site

    def _tells(self, row_id: int, dialect: str) -> bool:
        stored = evidence.exchange(self._archive, row_id) if row_id not in self._telling else None
        if stored is not None:
            try:
                reader(dialect).site(evidence.load(self._archive, stored))
            except PayloadError:
                return False
            self._telling.add(row_id)
        return row_id in self._telling

    def note(self, instance: str, base: str, *, now: datetime) -> None:
        """Inside the caller's transaction, have the archive remember what was learnt of `instance`."""
        if instance not in self._learnt:
            return
        discovery = self._known[instance]
        known = instances.KnownInstance(
            domain=instance,
            base_url=base,
            software=discovery.software.name,
            version=discovery.software.version,
            dialect=discovery.dialect,
            site_exchange=self.site_exchange(instance, base),
        )
        instances.remember(self._archive, known, now=now)
        self._learnt.discard(instance)
