// What every page does: times in the reader's zone, menus, toasts, questions before a deed, the token on requests.
"use strict";
(() => {
  const language = document.documentElement.lang;
  const formats = {
    full: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }),
    short: new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  };

  function localTimes(root) {
    for (const time of root.querySelectorAll("time[data-when]")) {
      const moment = new Date(time.dateTime);
      time.textContent = formats.short.format(moment);
      time.title = formats.full.format(moment);
      time.removeAttribute("data-when");
    }
  }

  function toast(text) {
    const made = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    made.querySelector("span").textContent = text;
    document.getElementById("toasts").append(made);
    setTimeout(() => made.remove(), 8000);
  }

  // Asks before a form with `data-confirm` is sent; true when the answer is yes.
  function ask(title, text, { danger = false, yes = "" } = {}) {
    const dialog = document.getElementById("ask");
    const button = document.getElementById("ask-yes");
    button.dataset.usual ||= button.textContent;
    document.getElementById("ask-title").textContent = title;
    document.getElementById("ask-text").textContent = text || "";
    button.textContent = yes || button.dataset.usual;
    button.classList.toggle("danger", danger);
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { confirm, confirmText, confirmYes, confirmDanger } = form.dataset;
    const { submitter } = event;
    if (await ask(confirm, confirmText, { yes: confirmYes, danger: confirmDanger !== undefined })) {
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    }
  }, true);

  document.addEventListener("click", async (event) => {
    event.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const copied = event.target.closest("[data-copy]");
    if (copied) {
      await navigator.clipboard?.writeText(copied.dataset.copy);
      toast(copied.dataset.copied);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Selects and checkboxes with `data-submits` send their form at once.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  const token = () => document.querySelector('meta[name="csrf-token"]').content;
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-CSRF-Token"] = token();
  });
  document.addEventListener("htmx:after:swap", () => localTimes(document));
  document.addEventListener("htmx:error", () => setTimeout(() => document.body.classList.remove("htmx-request")));

  // What a page asks for by itself says so: it prolongs no session. Elements that do so have it as `hx-headers`.
  const unattended = { "Muniment-Unattended": "true" };

  // An EventSource is not told why it was refused: ask, and lead to the sign-in whom nobody knows any more.
  async function leaveIfOver() {
    const answer = await fetch("/v1/whoami", { headers: unattended }).catch(() => null);
    if (answer?.status !== 401) return;
    const next = location.pathname + location.search;
    location.assign(`/console/sign-in?${new URLSearchParams({ next, done: "session_over" })}`);
  }

  // An event stream that comes back by itself, rests while nobody looks, and says how it is. `heard(event)` gets every
  // named event of `names`; `data-live-state` elements show whether the connection is there.
  function stream(address, names, heard) {
    let source = null;
    let again = null;
    let wait = 1000;
    let over = false;
    let known = "";
    const state = (name) => {
      known = name;
      for (const shown of document.querySelectorAll("[data-live-state]")) {
        shown.dataset.state = name;
        shown.textContent = shown.dataset[name === "lost" ? "lost" : "here"];
      }
    };
    function open() {
      clearTimeout(again);
      source?.close();
      source = new EventSource(address());
      source.onopen = () => { wait = 1000; state("here"); };
      source.onerror = () => {
        state("lost");
        // A server that answers with an error ends an EventSource for good: begin a new one, ever more patiently.
        if (source?.readyState !== EventSource.CLOSED) return;
        leaveIfOver();
        again = setTimeout(open, wait);
        wait = Math.min(wait * 2, 15000);
      };
      for (const name of names) {
        source.addEventListener(name, heard);
      }
      // Who may no longer listen, but is signed in still, need not ask again. Who is not, is refused on coming back.
      source.addEventListener("refused", (event) => { if (JSON.parse(event.data).code === "forbidden") close(); });
    }
    // What comes into the page later does not know yet.
    document.addEventListener("htmx:after:swap", () => { if (known && !over) state(known); });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { clearTimeout(again); source?.close(); source = null; } else if (!source && !over) open();
    });
    addEventListener("pagehide", () => source?.close());
    open();
    const close = () => {
      clearTimeout(again);
      source?.close();
      source = null;
      over = true;
      for (const shown of document.querySelectorAll("[data-live-state]")) shown.textContent = "";
    };
    return { reopen: open, close };
  }

  // Where tabs do not all fit, the one that is open is in sight.
  const tab = document.querySelector(".sub [aria-current]");
  document.fonts.ready.then(() => tab?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" }));

  window.muniment = { toast, ask, token, stream, unattended, localTimes, language };
  localTimes(document);
  for (const shown of document.querySelectorAll("#toasts [data-toast]")) setTimeout(() => shown.remove(), 8000);
  if (new URLSearchParams(location.search).has("done")) {
    const clean = new URL(location.href);
    clean.searchParams.delete("done");
    history.replaceState(null, "", clean);
  }
})();
