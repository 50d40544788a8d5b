"""`thread-archive logout`: forget the login for an instance."""

import os

import click

from thread_archive.archiving.accounts import find_door, instance_in, log_out
from thread_archive.cli.options import unused_db_option
from thread_archive.cli.terminal import messages, output
from thread_archive.exceptions import InputError, ThreadArchiveError
from thread_archive.fetching.client import Client
from thread_archive.logins import VARIABLE, Logins, NoKeyringError


@click.command()
@click.argument("instance", metavar="INSTANCE")
@unused_db_option
@click.option("--allow-private-network", is_flag=True, help="Permit an instance on a private network, without https.")
def command(instance: str, allow_private_network: bool) -> int:
    """Forget the login kept for an instance, and tell the instance that it is over."""
    host, base = instance_in(instance)
    logins = Logins(os.environ)
    if logins.is_given(host):
        output().print(f"A login for {host} comes from ${VARIABLE}: take it out of there.")
    token = _kept(logins, host)
    if token is None:
        if not logins.is_given(host):
            output().print(f"No login is kept for {host}.")
        return 0
    logins.forget(host)
    try:
        with Client(allow_private_network=allow_private_network) as client:
            log_out(client, find_door(client, host, base), token=token)
    except ThreadArchiveError as error:
        messages().print(f"{host} could not be told: {error.message} The token is valid there until it expires.")
    output().print(f"The login for {host} is forgotten.")
    return 0


def _kept(logins: Logins, host: str) -> str | None:
    """What the keyring has for `host`. Raises InputError where there is none and nothing else has a login either."""
    try:
        return logins.kept(host)
    except NoKeyringError as error:
        if logins.is_given(host):
            return None
        raise InputError(
            f"{error.message} Nobody can tell whether a login is kept for {host}.",
            next="Log out where you logged in, with `thread-archive[keyring]` installed.",
        ) from error
