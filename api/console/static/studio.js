// The Studio: a text that grows as it is written, passages beside the text, order by dragging, and nothing typed lost.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);

  // A draft as it is being written. The stream sends the text so far, then what follows; its end has the page made anew.
  const streamed = one("[data-draft-stream]");
  if (streamed) {
    const place = one("#streamed");
    const aloud = one("[data-aloud]");
    const stage = one("[data-stage]");
    const tokens = one("[data-tokens]");
    const ALOUD_MS = 4000;
    let text = "";
    let said = 0;
    const number = new Intl.NumberFormat(muniment.language);

    function show() {
      const follow = innerHeight + scrollY > document.documentElement.scrollHeight - 120;
      place.textContent = text;
      if (follow && text) scrollTo({ top: document.documentElement.scrollHeight });
    }
    // Whole sentences only, and not too often: what is read aloud is not to be interrupted by every word.
    setInterval(() => {
      const end = Math.max(text.lastIndexOf(". "), text.lastIndexOf(".\n"), text.lastIndexOf("\n"));
      if (end <= said) return;
      aloud.textContent = text.slice(said, end + 1);
      said = end + 1;
    }, ALOUD_MS);
    function heard(event) {
      const told = JSON.parse(event.data || "{}");
      if (event.type === "end") {
        place.setAttribute("aria-busy", "false");
        live.close();
        location.reload();
        return;
      }
      if (event.type === "reconnect") { live.reopen(); return; }
      if (event.type === "snapshot") {
        if (!told.text && !text) return;
        text = told.text;
        said = Math.min(said, text.length);
      } else {
        text += told.text;
      }
      stage.textContent = stage.dataset.underWay;
      tokens.textContent = number.format(told.tokens || 0);
      show();
    }
    const live = muniment.stream(() => streamed.dataset.draftStream, ["snapshot", "token", "end", "reconnect"], heard);
  }

  // The passage of a citation: shown at the side, or as a sheet from below; Escape leads back to its mark.
  const panel = one("[data-passage]");
  if (panel) {
    const empty = panel.innerHTML;
    let from = "";
    const clear = () => { for (const cite of document.querySelectorAll(".cite[aria-current]")) cite.removeAttribute("aria-current"); };
    function close() {
      const back = document.getElementById(from || one("[data-close-passage]", panel)?.dataset.closePassage || "");
      panel.removeAttribute("data-open");
      panel.innerHTML = panel.dataset.hint === undefined ? "" : empty;
      clear();
      back?.focus();
    }
    if (!panel.hasAttribute("data-open")) panel.dataset.hint = "";
    document.addEventListener("click", (event) => {
      const cite = event.target.closest("[data-cite]");
      if (cite) { from = cite.id; clear(); cite.setAttribute("aria-current", "true"); }
      if (event.target.closest("[data-close-passage]")) close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && panel.hasAttribute("data-open") && !one("dialog[open]")) close();
    });
    document.addEventListener("htmx:after:swap", () => {
      const head = one("[data-focus]", panel);
      if (!head || head.dataset.focus === "seen") return;
      head.dataset.focus = "seen";
      panel.setAttribute("data-open", "");
      panel.scrollTop = 0;
      head.focus({ preventScroll: true });
      // A sheet from below may lie over the mark that it belongs to.
      if (getComputedStyle(panel).position === "fixed") document.getElementById(from)?.scrollIntoView({ block: "start" });
    });
  }

  // Forms whose words would be lost: the browser asks before they go.
  for (const form of document.querySelectorAll("form[data-guard]")) {
    let changed = form.hasAttribute("data-changed");
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", () => { changed = false; });
    addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
    addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); form.requestSubmit(); }
    });
  }
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
    addEventListener("pageshow", () => { delete form.dataset.sent; });
  }
  document.addEventListener("click", (event) => {
    const insert = event.target.closest("[data-insert]");
    if (!insert) return;
    const field = one("textarea.script-field");
    field.setRangeText(insert.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  const all = one("[data-pick-all]");
  if (all) {
    const picks = document.querySelectorAll("[data-picks] input");
    all.classList.toggle("hidden", picks.length < 2);
    all.addEventListener("change", (event) => { for (const pick of picks) pick.checked = event.target.checked; });
  }

  // The documents that a draft keeps to: found by name, a page at a time; what is ticked moves up, and stays.
  const only = one("[data-only]");
  if (only) {
    const chosen = one("[data-only-chosen]", only);
    const count = one("[data-only-count]");
    const find = one("[data-only-find]", only);
    const found = () => one("#only-found", only);
    const tell = () => {
      const number = chosen.childElementCount;
      chosen.hidden = !number;
      count.textContent = number ? count.dataset.text.replace("{count}", number) : "";
    };
    const tidy = () => {
      const there = new Set([...chosen.querySelectorAll("input")].map((tick) => tick.value));
      for (const tick of found().querySelectorAll("input")) if (there.has(tick.value)) tick.closest("label").remove();
    };
    let pending = 0;
    const look = async () => {
      // Of the field, whose `hx-sync` ends the look that is under way: what was typed last is what is found.
      await htmx.ajax("GET", `${only.dataset.only}?${new URLSearchParams({ q: find.value })}`, { source: find, target: "#only-found", swap: "outerHTML" });
      tidy();
    };
    find?.addEventListener("input", () => { clearTimeout(pending); pending = setTimeout(look, 250); });
    find?.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); clearTimeout(pending); look(); }
    });
    only.addEventListener("change", ({ target: tick }) => {
      if (tick.name !== "only") return;
      (tick.checked ? chosen : found()).prepend(tick.closest("label"));
      tell();
      tick.focus();
    });
    only.addEventListener("click", async (event) => {
      const more = event.target.closest("[data-more]");
      if (!more) return;
      const last = more.previousElementSibling;
      await htmx.ajax("GET", more.dataset.more, { target: more, select: "#only-found > *", swap: "outerHTML" });
      tidy();
      // Something else was looked for meanwhile.
      if (last && !last.isConnected) return;
      one("input", last?.nextElementSibling ?? found())?.focus();
    });
    // A browser that comes back to the page ticks again what was ticked.
    for (const tick of found().querySelectorAll("input:checked")) chosen.append(tick.closest("label"));
    tell();
  }

  // Order by dragging: dropping presses the same form that the arrows do.
  let dragged = null;
  const marks = ["over-before", "over-after"];
  const unmark = () => { for (const item of document.querySelectorAll(".over-before, .over-after")) item.classList.remove(...marks); };
  const under = (event) => dragged && event.target.closest?.("[data-episode]");
  const after = (event, item) => event.clientY > item.getBoundingClientRect().top + item.offsetHeight / 2;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-episode]");
    if (!dragged) return;
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.episode);
  });
  document.addEventListener("dragover", (event) => {
    const item = under(event);
    if (!item) return;
    event.preventDefault();
    unmark();
    if (item !== dragged) item.classList.add(marks[after(event, item) ? 1 : 0]);
  });
  document.addEventListener("drop", (event) => {
    const item = under(event);
    if (!item || item === dragged) return;
    event.preventDefault();
    const old = Number(dragged.dataset.place);
    let place = Number(item.dataset.place) + (after(event, item) ? 1 : 0);
    if (place > old) place -= 1;
    if (place === old) return;
    const form = one(".order form", dragged);
    one("[name=position]", form).value = place;
    form.requestSubmit();
  });
  document.addEventListener("dragend", () => { dragged?.classList.remove("dragged"); dragged = null; unmark(); });
})();
