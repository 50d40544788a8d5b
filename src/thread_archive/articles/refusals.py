"""Why a page gives no article: one name and one sentence for each reason."""

from enum import StrEnum


class Refusal(StrEnum):
    """A reason for keeping no text of a page; `sentence` says it to a person."""

    CONSENT_PAGE = "consent_page"
    PAYWALL = "paywall"
    EMPTY = "empty"
    NAVIGATION = "navigation"
    DISCUSSION_PAGE = "discussion_page"
    PDF = "pdf"
    IMAGE = "image"
    VIDEO = "video"
    UNSUPPORTED_TYPE = "unsupported_type"
    DAMAGED = "damaged"
    TOO_COMPLEX = "too_complex"

    @property
    def sentence(self) -> str:
        """What happened, for a receipt."""
        return SENTENCES[self]


SENTENCES = {
    Refusal.CONSENT_PAGE: "The server shows a page that asks for consent (to cookies, say), not the article.",
    Refusal.PAYWALL: "The page shows only the beginning of an article that is for subscribers.",
    Refusal.EMPTY: "No readable text was found on the page; it may be an error, ask for a login, or need JavaScript.",
    Refusal.NAVIGATION: "The page holds links and short texts (a front page, a list), no article.",
    Refusal.DISCUSSION_PAGE: "The page is a discussion itself (a forum or Lemmy page), not an article.",
    Refusal.PDF: "The link leads to a PDF file, which is not read.",
    Refusal.IMAGE: "The link leads to an image.",
    Refusal.VIDEO: "The link leads to a video or a sound.",
    Refusal.UNSUPPORTED_TYPE: "The link leads to a kind of file that is not read.",
    Refusal.DAMAGED: "The answer says it is text but is binary data or cut off.",
    Refusal.TOO_COMPLEX: "The page is too large, or its elements too many or too deeply nested, to be read safely.",
}
