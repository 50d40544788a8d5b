"""A fetched page as an Article: readable HTML and text in paragraphs. Pure; knows no network and no storage."""
