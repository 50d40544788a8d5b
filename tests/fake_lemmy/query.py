"""Reading a request's query as the servers' framework does."""

from dataclasses import dataclass

from fake_lemmy.answers import bad_query

MAX_DEPTH_ROWS = 300
MAX_LIMIT = 50


@dataclass(slots=True, kw_only=True)
class Query:
    """The parameters of one request; `line` decides the words of a refusal."""

    line: str
    fields: dict[str, str]

    def integer(self, name: str) -> int | None:
        """A whole number, or None where it was not sent."""
        if (text := self.fields.get(name)) is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_query(self.line, "invalid digit found in string") from None

    def word(self, name: str, known: list[str]) -> str | None:
        """One of the `known` words in lower case, or None where it was not sent."""
        if (text := self.fields.get(name)) is None:
            return None
        if text not in known:
            listed = ", ".join(f"`{word}`" for word in known)
            raise bad_query(self.line, f"unknown variant `{text}`, expected one of {listed}")
        return text.lower()
