"""Logging in and out: `/api/v3/user/login` and 1.0's `/api/v4/account/auth/login`, and likewise `…/logout`."""

from typing import Any

from fake_lemmy.answers import Answer, RefusedError, refuse
from fake_lemmy.world import Account, World

PATHS = {"/api/v3/user/login", "/api/v4/account/auth/login"}
LOGOUT_PATHS = {path.replace("login", "logout") for path in PATHS}


def refused(line: str, code: str, status: int) -> RefusedError:
    """A refusal, with 1.0's `cause`."""
    cause = "".join(part.title() for part in code.split("_"))
    return refuse(code, status, cause=cause) if line == "1.0" else refuse(code, status)


def login(world: World, path: str, form: Any) -> Answer:
    """The token for a name and password, and for the code where the account asks for one."""
    line = world.instance.line
    if not path.startswith("/api/v4" if line == "1.0" else "/api/v3"):
        return Answer(status=404)
    named = form.get("username_or_email") if isinstance(form, dict) else None
    account = next((account for account in world.accounts if account.name == named), None)
    if account is None or form.get("password") != account.password:
        raise refused(line, "incorrect_login", 400 if line == "0.18" else 401)
    if account.totp is not None:
        code = form.get("totp_2fa_token")
        if not code:
            raise refused(line, "missing_totp_token", 400)
        if code != account.totp:
            raise refused(line, "incorrect_totp_token", 400)
    return Answer.json({"jwt": account.token, "registration_created": False, "verify_email_sent": False})


def logout(world: World, path: str, account: Account | None) -> Answer:
    """The token opens nothing any more."""
    line = world.instance.line
    if line == "0.18" or not path.startswith("/api/v4" if line == "1.0" else "/api/v3"):
        return Answer(status=404)
    if account is None:
        raise refused(line, "not_logged_in" if line == "1.0" else "incorrect_login", 401)
    world.accounts.remove(account)
    return Answer.json({"success": True})
