"""Lemmy's comment path (`0.12.57`): the local ids from the root to the comment itself."""

from thread_archive.payloads import DEEPEST, MAX_INTEGER


def parse_path(text: str, local_id: int) -> tuple[int, ...]:
    """
    The labels of `text` without the leading 0; none where they cannot be a path of `local_id`.

    Real servers have such comments: Lemmy 0.18.2 wrote some with the path `0` (LemmyNet/lemmy#3741).
    """
    head, _, rest = text.partition(".")
    try:
        labels = () if rest.strip("0123456789.") else tuple(map(int, rest.split(".")))
    except ValueError:
        labels = ()
    if (
        head != "0"
        or not labels
        or labels[-1] != local_id
        or len(labels) > DEEPEST
        or len(set(labels)) != len(labels)
        or min(labels) < 1
        or max(labels) > MAX_INTEGER
    ):
        return ()
    return labels
