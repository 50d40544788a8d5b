"""`thread-archive login`: keep a login for one instance."""

import os
import sys

import click

from thread_archive.archiving.accounts import CodeNeededError, instance_in, log_in
from thread_archive.cli.options import unused_db_option
from thread_archive.cli.prompts import stopping
from thread_archive.cli.terminal import output
from thread_archive.exceptions import InputError
from thread_archive.fetching.client import Client
from thread_archive.logins import VARIABLE, Logins


@click.command()
@click.argument("instance", metavar="INSTANCE")
@unused_db_option
@click.option("--allow-private-network", is_flag=True, help="Permit an instance on a private network, without https.")
def command(instance: str, allow_private_network: bool) -> int:
    """
    Log in at an instance and keep its token in the system's keyring, for `add --login` there and nowhere else.

    Name, password and, where the account has one, the authenticator's code are asked for and not kept. Needs the extra
    thread-archive[keyring]; without it give a token as $THREAD_ARCHIVE_TOKEN=INSTANCE=TOKEN.
    """
    if not sys.stdin.isatty():
        raise InputError(
            "A login is typed at a prompt, and there is no terminal.",
            next=f"Give a token as ${VARIABLE}=INSTANCE=TOKEN instead.",
        )
    host, base = instance_in(instance)
    logins = Logins(os.environ)
    logins.require_keyring()
    with stopping("No login was kept."):
        name = click.prompt(f"Name or e-mail at {host}", err=True)
        password = click.prompt("Password", hide_input=True, err=True)
        with Client(allow_private_network=allow_private_network) as client:
            try:
                token = log_in(client, host, base, name=name, password=password)
            except CodeNeededError:
                code = click.prompt("Code of the authenticator", err=True)
                token = log_in(client, host, base, name=name, password=password, code=code)
        logins.keep(host, token)
    output().print(f"Logged in at {host}; `thread-archive add --login` uses it there.")
    return 0
