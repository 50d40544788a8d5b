"""Logging in and out: a token in exchange for a name and a password. Nothing of it is stored here."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from thread_archive.captures import Exchange
from thread_archive.exceptions import AccessDeniedError, InputError, PayloadError, ServerFailedError, ThreadArchiveError
from thread_archive.fetching.client import Client
from thread_archive.payloads import api_error, decode, error_code
from thread_archive.sources import Discovery, closed_door, discover
from thread_archive.urls import host_of, typed_ports

_LOGIN_PATHS: Mapping[str, str] = {"lemmy_v3": "/api/v3/user/login", "lemmy_v4": "/api/v4/account/auth/login"}
_LOGOUT_PATHS: Mapping[str, str] = {"lemmy_v3": "/api/v3/user/logout", "lemmy_v4": "/api/v4/account/auth/logout"}


class CodeNeededError(AccessDeniedError):
    """The account asks for the code of its authenticator as well."""


class _Answer(msgspec.Struct):
    jwt: str | None = None


def instance_in(text: str) -> tuple[str, str]:
    """(instance, base URL) of what a person names an instance by: a host or any URL there. Raises InputError."""
    address = text.strip() if "://" in text else f"https://{text.strip()}"
    try:
        instance = host_of(address)
    except ValueError as error:
        raise InputError(
            f"{text!r} is not the name of an instance.",
            next="Write its host, as in `thread-archive login lemmy.world`.",
        ) from error
    scheme = address.partition("://")[0].lower()
    return instance, f"{scheme if scheme in ('http', 'https') else 'https'}://{instance}"


def _discover(client: Client, instance: str, base: str) -> Discovery:
    steps = discover(base)
    request = next(steps)
    while True:
        try:
            try:
                answer = client.get(request, typed_ports=typed_ports(instance))
            except ThreadArchiveError as error:
                request = steps.throw(error)
            else:
                request = steps.send(answer)
        except StopIteration as stop:
            found: Discovery = stop.value
            return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where an instance, at its `base` URL, takes logins: what it runs was asked."""

    instance: str
    base: str
    dialect: str


def find_door(client: Client, instance: str, base: str) -> Door:
    """
    Where `instance` takes logins; nobody need type a password before that is known.

    Raises FetchError where it is not reached or is no Lemmy, InputError on Lemmy 0.18, whose tokens travel in URLs.
    """
    discovery = _discover(client, instance, base)
    if discovery.dialect == "lemmy_v3" and discovery.site.version.startswith("0.18."):
        raise InputError(
            f"{instance} runs Lemmy {discovery.site.version}, which takes logins only within URLs, which logs keep.",
            next="Add the thread without a login; what visitors may see is archived.",
        )
    return Door(instance=instance, base=base, dialect=discovery.dialect)


def log_in(client: Client, door: Door, *, name: str, password: str, code: str = "") -> str:
    """
    The token that an instance gives for a name, a password and, where the account has one, the `code` of its
    authenticator.

    Raises CodeNeededError where the code is missing, AccessDeniedError where the instance refuses.
    """
    payload = {"username_or_email": name, "password": password}
    if code:
        payload["totp_2fa_token"] = code
    url = door.base + _LOGIN_PATHS[door.dialect]
    answer = client.post_json(url, payload, typed_ports=typed_ports(door.instance))
    if answer.status != 200:
        raise _refused(door.instance, answer)
    try:
        token = decode(answer.body, _Answer, source=door.dialect, url=url).jwt
    except PayloadError:
        # The decoder's message may quote the answer, and that holds the token.
        token = None
    if not token:
        raise AccessDeniedError(
            f"{door.instance} took the login and gave no token.",
            next="The account may still have to be confirmed or approved; log in with a browser once.",
            url=url,
        )
    return token


def _refused(instance: str, answer: Exchange) -> AccessDeniedError:
    code = api_error(answer.body).error
    if not code and (door := closed_door(answer)):
        return door
    if code == "missing_totp_token":
        return CodeNeededError(
            f"{instance} also wants the code of the account's authenticator.",
            next="Log in again and type the code.",
            url=answer.url,
        )
    known = {"incorrect_login", "incorrect_totp_token", "email_not_verified", "registration_application_pending"}
    reason = code if code in known else str(answer.status)
    return AccessDeniedError(
        f"{instance} refuses the login ({reason}).", next="Check the name, the password and the code.", url=answer.url
    )


def log_out(client: Client, door: Door, *, token: str) -> None:
    """Have the instance forget `token`; raises FetchError where it cannot be told, or does not take it."""
    url = door.base + _LOGOUT_PATHS[door.dialect]
    answer = client.post_json(url, {}, typed_ports=typed_ports(door.instance), token=token)
    # Who is not logged in there any more need not log out.
    if answer.status != 200 and error_code(answer.body) not in ("not_logged_in", "incorrect_login"):
        raise ServerFailedError(
            f"{door.instance} answered {answer.status} to the logout.",
            next="End the login in the account's settings there.",
            url=url,
        )
