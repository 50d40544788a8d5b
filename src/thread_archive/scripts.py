"""
Scripts that put no spaces between words: each of their signs counts as a word where words are counted or compared.

What is a sign here is one for the quotes that are stored: other ranges need another version of those (`deriving`). The
search index has ranges of its own, which are part of every archive's view (`store.scripts`).
"""

# As parts of a class of a regular expression. Chinese and Japanese, where a sign says as much as three letters: kana
# and Han, without their punctuation.
DENSE = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u30fa\u30fc-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
# Thai and Lao, Burmese, Khmer, and those.
UNSPACED = f"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff{DENSE}"
