// Searches the texts of a snapshot that lie beside this page, in scripts, so that it works without any server.
(() => {
  "use strict";
  const form = document.querySelector("form[data-shards]");
  if (!form) return;
  const shards = Number(form.dataset.shards);
  const box = form.elements.q, said = document.getElementById("said");
  const list = document.getElementById("hits"), moreButton = document.getElementById("more");
  const KINDS = ["post", "comment", "article"];
  const SHOWN = 30, AROUND = 110;
  // More characters than this are not kept: pieces are read anew for every search.
  const MOST_KEPT = 60_000_000;

  // What hides in a spoiler is found, and not shown.
  const OPEN = "\u2063", CLOSE = "\u2064", HIDDEN = "▒▒▒";
  const MARKS = /\p{M}+/gu, PLAIN = /^[\x00-\x7f]*$/;
  const fold = (text) => {
    if (PLAIN.test(text)) return text.toLowerCase();
    return text.replaceAll(OPEN, "").replaceAll(CLOSE, "").normalize("NFD").replace(MARKS, "").toLowerCase();
  };

  // ------------------------------------------------------------------------------------------- what is asked for
  // A word ends where no letter or digit follows; scripts that put no spaces between words have no such ends.
  const LETTER = /[\p{L}\p{N}]/u, UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
  const before = (text, at) => at > 0 ? String.fromCodePoint(text.codePointAt(at - (/[\udc00-\udfff]/.test(text[at - 1]) ? 2 : 1))) : "";
  const after = (text, at) => at < text.length ? String.fromCodePoint(text.codePointAt(at)) : "";
  const joins = (inner, outer) => outer && LETTER.test(outer) && !UNSPACED.test(inner) && !UNSPACED.test(outer);

  const isWord = (code) => (code > 47 && code < 58) || (code > 96 && code < 123);
  // Whether the word goes on across `at`; most letters are plain, and need no second look.
  const goesOn = (text, at) => {
    if (at === 0 || at >= text.length) return false;
    const left = text.charCodeAt(at - 1), right = text.charCodeAt(at);
    if (left < 128 && right < 128) return isWord(left) && isWord(right);
    return joins(after(text, at), before(text, at)) && LETTER.test(after(text, at));
  };

  const parse = (query) => {
    const terms = [];
    for (const [, minus, phrase, word] of query.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
      const star = phrase === undefined && word.endsWith("*");
      const text = fold(phrase ?? word).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
      // Words that signs hold together stand together.
      if (text.length) terms.push({ words: text, first: text[0], star, minus: minus === "-" });
    }
    return terms.slice(0, 32);
  };

  // Where `term` begins and ends in folded `text`, from `at` on; null where it does not occur.
  const find = (text, term, at) => {
    for (let start = text.indexOf(term.first, at); start >= 0; start = text.indexOf(term.first, start + 1)) {
      let end = start;
      if (goesOn(text, start)) continue;
      let found = true;
      for (const [number, word] of term.words.entries()) {
        if (number) {
          const gap = end;
          while (end < text.length && !LETTER.test(after(text, end))) end += after(text, end).length;
          if (end === gap && !UNSPACED.test(before(text, end))) { found = false; break; }
        }
        if (!text.startsWith(word, end)) { found = false; break; }
        end += word.length;
        const open = term.star && number === term.words.length - 1;
        while (open && goesOn(text, end)) end += after(text, end).length;
        if (goesOn(text, end)) { found = false; break; }
      }
      if (found) return [start, end];
    }
    return null;
  };
  const count = (text, term) => {
    let times = 0;
    for (let at = find(text, term, 0); at && times < 20; at = find(text, term, at[1])) times += 1;
    return times;
  };

  // ------------------------------------------------------------------------------------------------- the texts
  const kept = new Map(), waiting = new Map();
  let threads = null, size = 0;
  window.threadArchive = { take: (name, value) => { waiting.get(name)?.(value); waiting.delete(name); } };
  const read = (name) => new Promise((resolve, reject) => {
    waiting.set(name, resolve);
    const script = document.createElement("script");
    script.src = `data/${name}.js`;
    script.onload = () => script.remove();
    script.onerror = () => { script.remove(); reject(new Error(`data/${name}.js cannot be read`)); };
    document.head.append(script);
  });
  const shard = async (number) => {
    const had = kept.get(number);
    if (had) return had;
    const [numbers, kinds, places, authors, texts] = await read(String(number));
    const made = texts.map((text, at) => ({ thread: numbers[at], kind: kinds[at], where: places[at], author: authors[at], text, folded: fold(text) }));
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    if (size + characters <= MOST_KEPT) { size += characters; kept.set(number, made); }
    return made;
  };

  const scan = (items, terms, hits) => {
    const wanted = terms.filter((term) => !term.minus), unwanted = terms.filter((term) => term.minus);
    for (const item of items) {
      const text = item.folded;
      // The first look is the browser's own, and rules out almost all.
      if (!wanted.every((term) => text.includes(term.first))) continue;
      if (!wanted.every((term) => find(text, term, 0)) || unwanted.some((term) => find(text, term, 0))) continue;
      let rank = 0;
      for (const term of wanted) {
        const times = count(text, term);
        rank += times / (times + 1 + text.length / 500);
        if (item.kind === 0 && find(text.slice(0, text.indexOf("\n") + 1 || undefined), term, 0)) rank += 1;
      }
      hits.push({ item, rank, order: hits.length });
    }
  };

  // ------------------------------------------------------------------------------------------------ what is shown
  // Folded text with the place in the original that each of its characters comes from.
  const folding = (text) => {
    let folded = "";
    const places = [];
    let at = 0;
    for (const character of text) {
      const part = fold(character);
      for (let each = 0; each < part.length; each += 1) places.push(at);
      folded += part;
      at += character.length;
    }
    places.push(at);
    return [folded, places];
  };
  const WORD = new RegExp(`${OPEN}[^${OPEN}${CLOSE}]*(?:${CLOSE}|$)|^[^${OPEN}${CLOSE}]*${CLOSE}`, "g");
  const conceal = (text) => text.includes(OPEN) || text.includes(CLOSE) ? text.replace(WORD, HIDDEN).replace(/▒▒▒(?:[^\p{L}\p{N}]*▒▒▒)+/gu, HIDDEN) : text;

  // The part of `text` around what was looked for, which is lit up.
  const passage = (text, terms) => {
    const [folded, places] = folding(text);
    const spans = [];
    for (const term of terms) {
      if (term.minus) continue;
      for (let at = find(folded, term, 0), times = 0; at && times < 50; at = find(folded, term, at[1]), times += 1)
        spans.push([places[at[0]], places[at[1] - 1] + (text.codePointAt(places[at[1] - 1]) > 0xffff ? 2 : 1)]);
    }
    spans.sort((a, b) => a[0] - b[0]);
    const middle = spans.length ? spans[0][0] : 0;
    let from = Math.max(0, middle - AROUND), to = Math.min(text.length, middle + 2 * AROUND);
    while (from > 0 && !/\s/.test(text[from - 1]) && middle - from < AROUND + 30) from -= 1;
    while (to < text.length && !/\s/.test(text[to]) && to - middle < 2 * AROUND + 30) to += 1;
    const parts = document.createDocumentFragment();
    let at = from;
    if (from > 0) parts.append("… ");
    for (const [start, end] of spans) {
      if (start < at || end > to) continue;
      parts.append(conceal(text.slice(at, start)));
      // Inside a spoiler nothing is lit up either.
      const open = text.lastIndexOf(OPEN, start), close = text.lastIndexOf(CLOSE, start);
      if (open > close || text.slice(start, end).includes(OPEN)) { at = start; continue; }
      const mark = document.createElement("mark");
      mark.textContent = text.slice(start, end);
      parts.append(mark);
      at = end;
    }
    parts.append(conceal(text.slice(at, to)));
    if (to < text.length) parts.append(" …");
    return parts;
  };

  const element = (name, attributes, ...content) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  };
  const shown = ({ item }, terms) => {
    const [slug, title] = threads[item.thread];
    // Only a post is found by its title.
    const name = !title ? "[no title]" : item.kind === 0 ? passage(title, terms) : title;
    const link = element("a", { href: `t/${slug}${item.where}` }, name);
    const who = item.author ? [" by ", element("bdi", {}, item.author)] : [];
    const text = item.kind === 0 ? item.text.slice(item.text.indexOf("\n") + 1) || item.text : item.text;
    return element("li", { class: "card hit" },
      element("h2", { dir: "auto" }, link),
      element("p", { class: "snippet", dir: "auto" }, passage(text, terms)),
      element("p", { class: "meta" }, element("span", {}, KINDS[item.kind], ...who)));
  };

  let hits = [], terms = [], at = 0, search = 0;
  const showMore = () => {
    const next = hits.slice(at, at + SHOWN);
    list.append(...next.map((hit) => shown(hit, terms)));
    at += next.length;
    moreButton.hidden = at >= hits.length;
  };
  const say = (text) => { said.textContent = text; };
  const number = (value) => value.toLocaleString("en");

  const run = async (query) => {
    const mine = search += 1;
    terms = parse(query);
    list.replaceChildren();
    moreButton.hidden = true;
    document.title = document.title.replace(/^(?:.* · )?Search/, query ? `${query} · Search` : "Search");
    if (!terms.some((term) => !term.minus)) { say(query.trim() ? "Give at least one word to look for." : ""); return; }
    const found = [];
    try {
      threads ??= await read("threads");
      for (let piece = 0; piece < shards; piece += 1) {
        if (!kept.has(piece)) say(`Looking … ${number(found.length)} found, ${Math.round(100 * piece / shards)} %`);
        scan(await shard(piece), terms, found);
        if (mine !== search) return;
      }
    } catch (error) { say(`The texts cannot be read: ${error.message}.`); return; }
    found.sort((a, b) => b.rank - a.rank || a.order - b.order);
    hits = found; at = 0;
    say(hits.length ? `${number(hits.length)} found` : "Nothing was found.");
    showMore();
  };

  window.threadArchive.search = run;
  moreButton.addEventListener("click", () => {
    const first = list.children.length;
    showMore();
    list.children[first]?.querySelector("a")?.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = box.value;
    history.pushState(null, "", `?${new URLSearchParams({ q: query })}`);
    run(query);
  });
  const asked = () => {
    box.value = new URLSearchParams(location.search).get("q") ?? "";
    run(box.value);
  };
  addEventListener("popstate", asked);
  asked();
  if (!box.value) box.focus();
})();
