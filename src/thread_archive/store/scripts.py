"""
Scripts that are written without spaces between words (or, as Korean, with endings grown onto them).

FTS5's unicode61 takes a whole sentence of these for one word. In the index, and in what is looked for, each of their
letters stands apart, so that a word is a phrase of letters and is found wherever it stands. `search_content` says the
same in SQL: the index can be made anew from the archive alone, by any program.
"""

import re

# From the first to the last character: Thai and Lao, Burmese, Khmer, kana, Han (with extensions), Hangul, halfwidth
# kana.
RANGES = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
    ("\u3005", "\u3006"),
    ("\u3041", "\u30ff"),
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uac00", "\ud7a3"),
    ("\uf900", "\ufaff"),
    ("\uff66", "\uff9d"),
    ("\U00020000", "\U000323af"),
)
LETTERS = "".join(f"{first}-{last}" for first, last in RANGES)
# A separator to every tokenizer, and invisible.
_APART = "\u200b"
_BLOCK = 256
_LETTER = re.compile(f"[{LETTERS}]")


def apart(text: str) -> str:
    """`text` with the letters of these scripts standing apart; the same string where it has none."""
    return text if text.isascii() else _LETTER.sub(rf"{_APART}\g<0>{_APART}", text)


def apart_in_sql(column: str) -> str:
    """The same as an SQL expression over a column."""
    within = " OR ".join(f"letter BETWEEN '{first}' AND '{last}'" for first, last in RANGES)
    letter = f"CASE WHEN {within} THEN '{_APART}' || letter || '{_APART}' ELSE letter END"
    # Block by block, since to take a letter off a text copies the rest of it.
    return f"""(
        WITH RECURSIVE blocks(block, others) AS (
            SELECT substr({column}, 1, {_BLOCK}), substr({column}, {_BLOCK + 1})
            UNION ALL SELECT substr(others, 1, {_BLOCK}), substr(others, {_BLOCK + 1}) FROM blocks WHERE others <> ''
        )
        SELECT group_concat((
            WITH RECURSIVE letters(letter, rest) AS (
                SELECT substr(block, 1, 1), substr(block, 2)
                UNION ALL SELECT substr(rest, 1, 1), substr(rest, 2) FROM letters WHERE rest <> ''
            )
            SELECT group_concat({letter}, '') FROM letters
        ), '') FROM blocks
    )"""
