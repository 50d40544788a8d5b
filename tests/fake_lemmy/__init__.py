"""
A fake Lemmy: answers over real HTTP on loopback as 0.18.5, 0.19.20 and 1.0.0-beta.1 do, traps included.

    world = grow(thread(Instance(domain="lemmy.test")), 400, Random(1))
    with Server(world) as server:
        httpx.get(f"http://127.0.0.1:{server.port}/api/v3/post?id=1", headers={"Host": "lemmy.test"})
"""

from fake_lemmy import faults
from fake_lemmy.captured import (
    NAMES,
    TOKEN,
    exchanges,
    manifest,
    odd,
    recorded_at,
    truth_comments,
    truth_posts,
    world_from,
)
from fake_lemmy.faults import Faults, Request
from fake_lemmy.growing import Reply, grow, mirror, moment, say, thread
from fake_lemmy.serve import Server
from fake_lemmy.world import Account, Comment, Community, Instance, Person, Post, World

__all__ = [
    "NAMES", "TOKEN", "Account", "Comment", "Community", "Faults", "Instance", "Person", "Post", "Reply", "Request",
    "Server", "World", "exchanges", "faults", "grow", "manifest", "mirror", "moment", "odd", "recorded_at", "say",
    "thread", "truth_comments", "truth_posts", "world_from",
]  # fmt: skip
