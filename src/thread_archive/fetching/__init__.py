"""
Asking servers: a guarded transport, a polite client, Exchanges out of it. The home of httpx.

Nothing here knows what an answer means, except where a server says "too fast".
"""

from thread_archive.fetching.client import Client
from thread_archive.fetching.clock import Clock, SystemClock
from thread_archive.fetching.limits import Limits, PageLimits
from thread_archive.fetching.transport import GuardedTransport, Resolver, system_resolver

__all__ = ["Client", "Clock", "GuardedTransport", "Limits", "PageLimits", "Resolver", "SystemClock", "system_resolver"]
