"""
Erasing from the archive what its owner takes out of it, everywhere it stands.

`survey` finds which rows are meant, `exchanges` goes over the kept answers, `rows` and `articles` over everything made
of them, `sweeping` over what SQLite leaves behind; `journal` keeps what was done, without any text.
"""
