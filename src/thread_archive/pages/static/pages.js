// What pages do besides being read: theme, keys, folding all. Everything else works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const themes = ["system", "light", "dark"];
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* a reader may forbid it */ } };
  const wear = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  let theme = themes.includes(stored()) ? stored() : "system";
  wear(theme);

  const themeButton = () => {
    const button = document.querySelector("button.theme");
    if (!button) return;
    const say = () => { button.textContent = `Theme: ${theme}`; };
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      wear(theme); keep(theme); say();
    });
    say();
    button.hidden = false;
  };

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const items = (selector) => [...document.querySelectorAll(selector)].filter((item) => item.offsetParent !== null);
  let current = null;
  const go = (item) => {
    if (!item) return;
    current?.classList.remove("current");
    current = item;
    item.classList.add("current");
    const link = item.querySelector("a.when, a.by, h2 a, h3 a, a[href]") ?? item;
    link.focus({ preventScroll: true });
    item.scrollIntoView({ block: "start", behavior: still.matches ? "auto" : "smooth" });
  };
  const here = () => {
    const focused = document.activeElement?.closest?.(".c, .card, .hit");
    return focused ?? (current?.isConnected ? current : null);
  };
  const step = (selector, by) => {
    const list = items(selector);
    const from = here();
    let at = from ? list.indexOf(from) : -1;
    if (from && at < 0) {
      // Somewhere inside another item: the nearest one of those that are asked for.
      const before = list.filter((item) => item === from || item.compareDocumentPosition(from) & Node.DOCUMENT_POSITION_FOLLOWING);
      at = by > 0 ? before.length - 1 : before.length;
    }
    go(list[from ? Math.min(Math.max(at + by, 0), list.length - 1) : by > 0 ? 0 : list.length - 1]);
  };
  const fold = () => {
    const details = here()?.querySelector(":scope > details");
    if (details) details.open = !details.open;
  };
  const foldAll = (open) => document.querySelectorAll(".c > details").forEach((details) => { details.open = open; });
  const search = () => {
    const box = document.querySelector("main input[type=search], input.search-box");
    if (box) { box.focus(); box.select(); }
    return Boolean(box);
  };
  const help = () => { const dialog = document.getElementById("keys"); dialog.open ? dialog.close() : dialog.showModal(); };
  const keys = {
    j: () => step(".c, .card, .hit", 1), k: () => step(".c, .card, .hit", -1),
    n: () => step(".c.top, .card, .hit", 1), p: () => step(".c.top, .card, .hit", -1),
    x: fold, "[": () => foldAll(false), "]": () => foldAll(true), "/": search, "?": help,
  };
  const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    const dialog = document.getElementById("keys");
    if (dialog.open && event.key !== "?") return;
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (act) { event.preventDefault(); act(); }
  };

  // What is folded opens where a link leads into it.
  const unfold = () => {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = id ? document.getElementById(id) : null;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target?.classList.contains("c")) { current?.classList.remove("current"); current = target; }
  };
  document.addEventListener("DOMContentLoaded", () => {
    themeButton();
    document.querySelectorAll(".keys").forEach((hint) => { hint.hidden = false; });
    document.addEventListener("keydown", onKey);
    addEventListener("hashchange", unfold);
    unfold();
    // Browsers that cannot show closed details in print.
    addEventListener("beforeprint", () => foldAll(true));
  });
})();
