"""Typed decoding of JSON answers: what does not fit is an error that names the place that failed."""

from functools import lru_cache
from typing import Annotated, Any, TypeVar, cast

import msgspec

from thread_archive.exceptions import PayloadError

T = TypeVar("T")

# PostgreSQL's and SQLite's integers end at 2^63 - 1; Lemmy's ids are smaller still.
MAX_INTEGER = 2**63 - 1
LocalId = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)]
# An ap_id is a web address; anything else would one day be a link that does something.
ApId = Annotated[str, msgspec.Meta(pattern=r"^https?://[^/\s]", max_length=4000)]
# Beyond that JSON's numbers are not exact everywhere.
MAX_COUNT = 2**53
Count = Annotated[int, msgspec.Meta(ge=-MAX_COUNT, le=MAX_COUNT)]

# How many comments stand one below the other in what is believed: Lemmy's writers refuse a depth over 50 (0.19, 1.0) or
# 100 labels (0.18), and older data may be deeper.
DEEPEST = 2_000

REPORT = "Nothing was changed; if the server is a Lemmy, please report it with `thread-archive doctor`'s output."


@lru_cache(maxsize=128)
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_, strict=True)


def decode(body: bytes | msgspec.Raw, type_: type[T], *, source: str, url: str) -> T:
    """
    Decode the JSON `body` (bytes, UTF-8) as `type_`; members that the type does not name are ignored.

    Raises PayloadError naming the path that failed (`$.comments[3].comment.id`), also for truncated JSON,
    lone surrogates, and nesting deeper than the decoder follows.
    """
    try:
        decoded: T = _decoder(cast(Any, type_)).decode(body)
    except RecursionError as error:
        raise PayloadError(
            f"The answer to {url} is JSON nested too deeply.", next=REPORT, source=source, path="$"
        ) from error
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        path = path.strip("`") or "$"
        raise PayloadError(
            f"The answer to {url} does not fit what {source} promises at {path}: {reason}.",
            next=REPORT,
            source=source,
            path=path,
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayloadError(
            # What is no JSON is not kept, so that nothing is left to say where it fails.
            f"The answer to {url} is not JSON: {error}." if body else f"The answer to {url} is not JSON.",
            next="The server, or a proxy before it, may be failing; try again later.",
            source=source,
            path="$",
        ) from error
    return decoded


def as_far_as_it_fits(body: bytes | msgspec.Raw, type_: type[T], *, source: str, url: str) -> T:
    """
    As `decode`, of a struct `type_`: a member that does not fit has its default, as if it had not been there.

    Raises PayloadError where one does not fit that has no default.
    """
    members = decode(body, dict[str, msgspec.Raw], source=source, url=url)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(cast(Any, type_)):
        if field.encode_name not in members:
            continue
        is_struct = isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
        read = as_far_as_it_fits if is_struct else decode
        try:
            values[field.name] = read(members[field.encode_name], field.type, source=source, url=url)
        except PayloadError:
            if field.required:
                raise
    missing = [f.encode_name for f in msgspec.structs.fields(cast(Any, type_)) if f.required and f.name not in values]
    if missing:
        raise PayloadError(
            f"The answer to {url} lacks {missing[0]}, which {source} promises.",
            next=REPORT,
            source=source,
            path=f"$.{missing[0]}",
        )
    return type_(**values)


class ApiError(msgspec.Struct, frozen=True):
    """
    How Lemmy says no: `error` is a code such as `couldnt_find_post`, `message` what more there is to say.

    Up to 0.18 some failures come as plain text, which is a message without a code.
    """

    error: str = ""
    message: str | None = ""

    @property
    def said(self) -> str:
        """The code, or the text of an answer that has none."""
        return self.error or self.message or ""


def api_error(body: bytes) -> ApiError:
    """What Lemmy's error answer says; plain text is shortened."""
    try:
        return _decoder(ApiError).decode(body)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ApiError(message=body[:80].decode("utf-8", "replace").strip())


def error_code(body: bytes) -> str:
    """The code of Lemmy's error answer, or its plain text."""
    return api_error(body).said


def well_formed(body: bytes) -> bool:
    """Whether `body` is one whole JSON value (not truncated, not something else)."""
    try:
        _decoder(msgspec.Raw).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def parsed(body: bytes, type_: Any = Any) -> Any:
    """A JSON value, of the type `type_`; raises ValueError where `body` is none, or one that no source could read."""
    try:
        return _decoder(type_).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON of the right form: {error}") from error
