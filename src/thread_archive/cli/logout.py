"""`thread-archive logout`: forget the login for an instance."""

import os

import click

from thread_archive.archiving.accounts import instance_in, log_out
from thread_archive.cli.options import unused_db_option
from thread_archive.cli.terminal import messages, output
from thread_archive.exceptions import ThreadArchiveError
from thread_archive.fetching.client import Client
from thread_archive.logins import Logins


@click.command()
@click.argument("instance", metavar="INSTANCE")
@unused_db_option
@click.option("--allow-private-network", is_flag=True, help="Permit an instance on a private network, without https.")
def command(instance: str, allow_private_network: bool) -> int:
    """Forget the login kept for an instance, and tell the instance that it is over."""
    host, base = instance_in(instance)
    logins = Logins(os.environ)
    token = logins.token(host)
    if not logins.forget(host) or token is None:
        output().print(f"No login is kept for {host}.")
        return 0
    try:
        with Client(allow_private_network=allow_private_network) as client:
            log_out(client, host, base, token=token)
    except ThreadArchiveError as error:
        messages().print(f"{host} could not be told: {error.message}")
    output().print(f"The login for {host} is forgotten.")
    return 0
