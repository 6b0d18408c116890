"use strict";
// Search and "open all". The page is whole without this: every event is a <details> with an anchor of its own.
(() => {
  const words = document.getElementById("words");
  const found = document.getElementById("found");
  const all = document.getElementById("all");
  const events = [...document.querySelectorAll("details.event")];
  const topics = [...document.querySelectorAll("section.topic")].filter((topic) => topic.querySelector("details.event"));
  const text = new Map(events.map((event) => [event, `${event.id} ${event.textContent}`.toLowerCase()]));
  document.getElementById("search").hidden = false;

  const search = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const event of events) {
      const matches = wanted.every((word) => text.get(event).includes(word));
      event.hidden = !matches;
      count += matches ? 1 : 0;
    }
    for (const topic of topics) {
      topic.hidden = wanted.length > 0 && !topic.querySelector("details.event:not([hidden])");
      document.querySelector(`nav a[href="#${topic.id}"]`).parentElement.hidden = topic.hidden;
    }
    found.textContent = wanted.length ? `${count} of ${events.length} events` : "";
    if (wanted.length && !count) found.textContent = "Nothing found. Fewer or shorter words find more.";
  };

  const openAll = () => {
    const open = all.getAttribute("aria-pressed") !== "true";
    for (const event of events) event.open = open;
    all.setAttribute("aria-pressed", String(open));
    all.textContent = open ? "Close all" : "Open all";
  };

  const show = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) { words.value = ""; search(); }
    if (target.matches("details.event")) target.open = true;
    target.scrollIntoView();
  };

  words.addEventListener("input", search);
  words.addEventListener("keydown", (key) => {
    if (key.key === "Escape") { words.value = ""; search(); }
  });
  document.addEventListener("keydown", (key) => {
    const typing = /^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (key.key === "/" && !typing && !key.ctrlKey && !key.metaKey) { key.preventDefault(); words.focus(); }
  });
  for (const event of events) {
    event.addEventListener("toggle", () => {
      if (event.open && !all.matches("[aria-pressed=true]")) history.replaceState(null, "", `#${event.id}`);
    });
  }
  all.addEventListener("click", openAll);
  window.addEventListener("hashchange", show);
  show();
})();
