"""
A fetched page as an Article: readable HTML and text in paragraphs. Pure; knows no network and no storage.

`candidates` says which links are worth fetching, `extracting` makes an article of what came, `sameness` tells whether
two texts are one. `readable` is the home of trafilatura, `markup` that of Beautiful Soup, `blocks` that of nh3.
"""
