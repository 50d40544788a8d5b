"""Numbers of things, as people read them."""


def counted(number: int, noun: str) -> str:
    """`1 comment`, `2 comments`, `1,234 comments`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
