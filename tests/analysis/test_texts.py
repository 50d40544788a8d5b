"""A text made ready for comparison."""

from thread_archive.analysis.texts import Text


def test_scripts_by_the_character_need_longer_rows_to_look_alike() -> None:
    ours, theirs = Text("我昨天去那里的时候他还没有到。"), Text("下雨的时候他还会唱歌。")
    assert not ours.shingles(4).isdisjoint(theirs.shingles(4))
    assert ours.shingles(ours.shingle).isdisjoint(theirs.shingles(ours.shingle))
    assert (ours.shingle, ours.seed) == (8, 4)
    assert (Text("Latin words").shingle, Text("Latin words").seed) == (4, 2)


def test_a_chinese_character_weighs_two_latin_ones_and_a_thai_one_does_not() -> None:
    assert Text("老板说").weight(0, 3) == 5
    assert Text("เรือ").weight(0, 3) == 2
    assert Text("the old quay").weight(0, 3) == len("the old quay")


def test_a_phrase_is_found_at_whole_words_only() -> None:
    text = Text("barely a rely, then rely on it")
    assert text.find("rely on ") == (4, 6)
    assert text.find("rel") is None


def test_a_sentence_goes_from_stop_to_stop() -> None:
    text = Text("One two. Three four 3.5 five!\n\nSix")
    assert [text.sentence(word) for word in (0, 3, 7)] == [(0, 2), (2, 7), (7, 8)]
