"""
Walls against bots: what answers in place of a server and lets only browsers pass.

They come with any status (200 from Anubis, 202 from AWS, 403, 429 and 503 from others), so that neither the status nor
one vendor's words tell them, but the means by which a browser is to prove itself: a header that names the challenge, or
a page that loads one. Trying again at once does not help.
"""

from collections.abc import Mapping

from thread_archive.exceptions import BotWallError

# A page is judged by its beginning: a challenge is small.
LOOKED_AT = 200_000
LONGEST_TITLE = 200
# Such a page has nowhere to go but on; a web site's has.
MOST_LINKS = 4

# Headers that say what was done instead of giving the answer: Cloudflare's, Vercel's, Amazon's.
_HEADERS = ("cf-mitigated", "x-vercel-mitigated", "x-amzn-waf-action")
# What is in the page that sets the task, in lower case. Cloudflare also puts scripts of `challenge-platform` into pages
# that it lets pass: `/h/` is where its challenges are.
_SIGNS = (
    b"/cdn-cgi/challenge-platform/h/",
    b"_cf_chl_opt",
    b"cf-chl-",
    b"cf-browser-verification",
    b"challenges.cloudflare.com/turnstile",
    b'id="anubis_',
    b"/.within.website/x/cmd/anubis/",
    b"/cmd/go-away/",
    b"__goaway_challenge",
    b"/.well-known/ddos-guard/",
    b"check.ddos-guard.net",
    b"sucuri_cloudproxy_js",
    b"/.basedflare/",
    b"haproxy-protection",
    b"pow-bot-deterrent",
    b"_incapsula_resource",
    b"awswaf.com/",
    b"/_sec/cp_challenge/",
    b"captcha-delivery.com",
    b"px-captcha",
    b"/_fs-ch-",
    b"/.bunny-shield/",
    b"/.cerberus/",
    b"acw_sc__v2",
    b"hcaptcha.com/1/api.js",
    b"recaptcha/api.js",
)
# What such pages call themselves. Weak, so only believed of a page that links nowhere and where it tells more than the
# status does.
_TITLES = (
    "moment",
    "not a bot",
    "a robot",
    "are human",
    "bot check",
    "bot protection",
    "bot verification",
    "browser check",
    "captcha",
    "challenge",
    "check of your browser",
    "checking",
    "ddos",
    "proof of work",
    "proof-of-work",
    "security check",
    "verif",
)
_TITLED_STATUSES = frozenset({200, 202, 429, 503})


def wall(host: str, url: str, status: int, headers: Mapping[str, str], body: bytes) -> BotWallError | None:
    """The error for the answer of `host` to `url`, which was to be no page, if it is a wall against bots."""
    is_wall = any(name in headers for name in _HEADERS) or _is_challenge(status, headers, body)
    return walled(host, url, status) if is_wall else None


def walled(host: str, url: str, status: int) -> BotWallError:
    """The error for a wall that answered with `status`."""
    return BotWallError(
        host,
        f"does not let programs in: a check for browsers came instead of an answer ({status})",
        next="Try again later, or add the thread from another server that holds a copy. Its administrators can let "
        "thread-archive in; --contact tells them who asks.",
        url=url,
    )


def is_page(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether an answer is a web page."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or (
        "html" in headers.get("content-type", "").lower() and body.lstrip()[:1] not in (b"{", b"[")
    )


def _is_challenge(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    if not is_page(headers, body):
        return False
    page = body[:LOOKED_AT].lower()
    return any(sign in page for sign in _SIGNS) or (
        status in _TITLED_STATUSES
        and page.count(b"<a ") <= MOST_LINKS
        and any(words in _title(page) for words in _TITLES)
    )


def _title(page: bytes) -> str:
    """The title of a page in lower case, shortened."""
    _, _, rest = page.partition(b"<title")
    start = rest.find(b">") + 1
    return rest[start : start + LONGEST_TITLE].partition(b"</title")[0].decode("utf-8", "replace")
