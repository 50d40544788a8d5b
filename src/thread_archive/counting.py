"""Numbers of things, as people read them."""


def counted(number: int, noun: str) -> str:
    """`1 comment`, `2 comments`, `1,234 comments`: for a noun whose plural is made with an s alone."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
