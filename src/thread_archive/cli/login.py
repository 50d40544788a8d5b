"""`thread-archive login`: keep a login for one instance."""

import os
import sys

import click

from thread_archive.archiving.accounts import CodeNeededError, Door, find_door, instance_in, log_in, log_out
from thread_archive.cli.options import unused_db_option
from thread_archive.cli.prompts import stopping
from thread_archive.cli.terminal import output
from thread_archive.exceptions import InputError, ThreadArchiveError
from thread_archive.fetching.addresses import LOOPBACK_ONLY
from thread_archive.fetching.client import Client
from thread_archive.logins import VARIABLE, Logins


@click.command()
@click.argument("instance", metavar="INSTANCE")
@unused_db_option
@click.option("--allow-private-network", is_flag=True, help="Permit an instance on a private network, without https.")
def command(instance: str, allow_private_network: bool) -> int:
    """
    Log in at an instance and keep its token in the system's keyring, for `add --login` there and nowhere else.

    Name, password and, where the account has one, the authenticator's code are asked for and not kept, once the keyring
    and the instance were tried. Needs the extra thread-archive[keyring]; without it give a token as
    $THREAD_ARCHIVE_TOKEN=INSTANCE=TOKEN.
    """
    if not sys.stdin.isatty():
        raise InputError(
            "A login is typed at a prompt, and there is no terminal.",
            next=f"Give a token as ${VARIABLE}=INSTANCE=TOKEN instead.",
        )
    host, base = instance_in(instance)
    logins = Logins(os.environ)
    # What would be sent unencrypted is refused before it is asked for.
    rule = LOOPBACK_ONLY if base.startswith("http:") else None
    with (
        stopping("No login was kept."),
        Client(allow_private_network=allow_private_network, rule=rule) as client,
    ):
        logins.try_keyring()
        there = find_door(client, host, base)
        _keep(logins, client, there, _token(client, there))
    use = (
        f"the token in ${VARIABLE} comes before it."
        if logins.is_given(host)
        else "`thread-archive add --login` uses it there."
    )
    output().print(f"Logged in at {host}; {use}")
    return 0


def _token(client: Client, there: Door) -> str:
    name = click.prompt(f"Name or e-mail at {there.instance}", err=True)
    password = click.prompt("Password", hide_input=True, err=True)
    try:
        return log_in(client, there, name=name, password=password)
    except CodeNeededError:
        code = click.prompt("Code of the authenticator", err=True)
        return log_in(client, there, name=name, password=password, code=code)


def _keep(logins: Logins, client: Client, there: Door, token: str) -> None:
    """Keep the token; where that cannot be, have the instance forget it, as nobody could later."""
    try:
        logins.keep(there.instance, token)
    except InputError as error:
        raise InputError(f"{error.message} {_ended(client, there, token)}", next=error.next) from error
    except KeyboardInterrupt:
        _ended(client, there, token)
        raise


def _ended(client: Client, there: Door, token: str) -> str:
    """End the login at the instance; returns what is to be said of it."""
    try:
        log_out(client, there, token=token)
    except ThreadArchiveError as error:
        return f"The login is valid at {there.instance} until you end it in the settings there: {error.message}"
    return f"The login was ended at {there.instance} again."
