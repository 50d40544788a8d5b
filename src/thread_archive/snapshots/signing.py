"""Signatures of the checksum list, by OpenSSH's `ssh-keygen -Y`: any key will do, and nothing is to be installed."""

import base64
import binascii
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from thread_archive.exceptions import InputError
from thread_archive.snapshots.manifest import MANIFEST, SIGNATURE

NAMESPACE = "thread-archive"
_PUBLIC_KEY = re.compile(r"(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+(?: .*)?")
_ARMOUR = re.compile(rb"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n")
_SECONDS = 30
LARGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of checking a signature: `ok` is None where it could not be checked."""

    ok: bool | None
    message: str


def sign(folder: Path, key: Path) -> None:
    """Sign the checksum list in `folder` with the private key (or the public one of a key in ssh-agent) at `key`."""
    program = _program()
    if program is None:
        raise InputError("There is no ssh-keygen here to sign with.", next="Install OpenSSH, or leave out --sign.")
    command = [program, "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key), str(folder / MANIFEST)]
    # Its own question for a passphrase goes to the terminal.
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - arguments are ours
    if ran.returncode or not (folder / SIGNATURE).exists():
        raise InputError(f"{key} cannot sign: {_last_line(ran.stderr)}.", next="Give the file of a private SSH key.")


def check_signature(listed: bytes, signature: bytes, *, signer: Path | None) -> Verdict:
    """
    Whether `signature` is one of the checksum list; with `signer` (a public key, or a file of allowed signers as
    ssh-keygen(1) has it) whether it is theirs.
    """
    armour = _ARMOUR.fullmatch(signature)
    if armour is None or not _is_canonical(armour[1]):
        return Verdict(ok=False, message="the signature is damaged")
    program = _program()
    if program is None:
        return Verdict(ok=None, message="there is no ssh-keygen here to check the signature with")
    with TemporaryDirectory() as folder:
        sealed = Path(folder) / SIGNATURE
        sealed.write_bytes(signature)
        if signer is None:
            return _check_unknown(program, sealed, listed)
        return _check_known(program, sealed, listed, signer)


def key_of(listed: bytes, signature: bytes) -> str:
    """The fingerprint of the key that made a good signature of the checksum list; empty where that cannot be told."""
    program = _program()
    if program is None:
        return ""
    with TemporaryDirectory() as folder:
        sealed = Path(folder) / SIGNATURE
        sealed.write_bytes(signature)
        return _key(_run(_unknown(program, sealed), listed))


def _unknown(program: str, sealed: Path) -> list[str]:
    return [program, "-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(sealed)]


def _key(ran: "subprocess.CompletedProcess[str]") -> str:
    key = re.search(r"SHA256:[A-Za-z0-9+/]+", ran.stdout) if ran.returncode == 0 else None
    return key[0] if key else ""


def _check_unknown(program: str, sealed: Path, listed: bytes) -> Verdict:
    ran = _run(_unknown(program, sealed), listed)
    if ran.returncode:
        return Verdict(ok=False, message="the signature does not match the checksum list")
    return Verdict(
        ok=True,
        message=f"signed with the key {_key(ran) or '?'}; --signer FILE tells whether that is whose it says",
    )


def _check_known(program: str, sealed: Path, listed: bytes, signer: Path) -> Verdict:
    try:
        text = signer.read_text("utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            f"{signer} cannot be read ({error.strerror}).", next="Give a public key with --signer."
        ) from error
    allowed = sealed.with_name("allowed_signers")
    lines = [f"* {line}" if _PUBLIC_KEY.fullmatch(line) else line for line in text.splitlines()]
    allowed.write_text("\n".join(lines) + "\n", "utf-8")
    found = _run([program, "-Y", "find-principals", "-f", str(allowed), "-s", str(sealed)], b"")
    who = found.stdout.splitlines()[0] if found.returncode == 0 and found.stdout.strip() else None
    if who is None:
        return Verdict(ok=False, message=f"the signature is of nobody in {signer}")
    name = "anyone" if who == "*" else who
    command = [program, "-Y", "verify", "-n", NAMESPACE, "-f", str(allowed), "-I", name, "-s", str(sealed)]
    if _run(command, listed).returncode:
        return Verdict(ok=False, message="the signature does not match the checksum list")
    return Verdict(ok=True, message=f"signed by {'the key in ' + str(signer) if who == '*' else who}")


def _run(command: Sequence[str], text: bytes) -> "subprocess.CompletedProcess[str]":
    ran = subprocess.run(  # noqa: S603 - arguments are ours, no shell
        command, input=text, capture_output=True, check=False, timeout=_SECONDS, env=os.environ | {"LC_ALL": "C"}
    )
    return subprocess.CompletedProcess(
        ran.args, ran.returncode, ran.stdout.decode("utf-8", "replace"), ran.stderr.decode("utf-8", "replace")
    )


def _is_canonical(armoured: bytes) -> bool:
    """Whether there is one way only to write these bytes, so that none of them can be changed unseen."""
    lines = armoured.split(b"\n")[:-1]
    try:
        blob = base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error:
        return False
    width = len(lines[0])
    encoded = base64.b64encode(blob)
    return lines == [encoded[at : at + width] for at in range(0, len(encoded), width)]


def _program() -> str | None:
    return shutil.which("ssh-keygen")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "ssh-keygen refused"
