"""Which server it is that answers at an address: one server may have several names (`www.`, one from before a move)."""

from collections.abc import Callable

from thread_archive.archiving.asking import THREAD, Ask, Asking, tagged
from thread_archive.exceptions import FetchError, PayloadError
from thread_archive.sources import Discovery, Place, locate, reader
from thread_archive.urls import host_in

# What asks an instance, at its base URL, what it runs.
Discover = Callable[[str, str], Asking[Discovery]]


def own_address(instance: str, base: str, *, named: tuple[str, int], discovery: Discover) -> Asking[tuple[str, str]]:
    """
    The server at `instance` (`base` is its URL) by the name that it gives itself, as instance and base.

    Anybody may claim a name. It is believed where the server redirects to it, or where the one at that name confirms
    it: it calls itself so, and has the post that is `named` here (`post` or `comment`, local id) by the same number.
    Raises FetchError where `instance` does not tell what it runs.
    """
    here = yield from discovery(instance, base)
    own = here.site.host
    if own in ("", instance):
        return instance, base
    own_base = f"{base.partition('://')[0]}://{own}"
    kind, local_id = named
    source, query = reader(here.dialect), {"id" if kind == "post" else "comment_id": local_id}
    request = Place(base=base, site=here.site).request(source.post_path, **query)
    try:
        answer = yield Ask(request=request, instance=instance, purpose=THREAD)
        if host_in(answer.final_url) == own:
            return own, own_base
        post = source.read(answer, site=here.site).post
        there = yield from discovery(own, own_base)
        if post is None or there.site.host != own:
            return instance, base
        steps = locate(Place(base=own_base, site=there.site), post.ap_id, dialect=there.dialect)
        number = yield from tagged(steps, own, THREAD)
    except (FetchError, PayloadError):
        # Nobody confirms it. What is wrong with `instance` itself comes up when it is asked for the thread.
        return instance, base
    return (own, own_base) if number == post.local_id else (instance, base)
