// Lists that follow what happens: the stream says that something changed, the list is asked for anew, at most once a second.
"use strict";
(() => {
  const followed = document.querySelector("[data-follows]");
  if (!followed) return;
  const EVERY_MS = 1000;
  let asked = 0;
  let pending = 0;
  let busy = false;

  async function renew() {
    pending = 0;
    if (busy) { soon(); return; }
    busy = true;
    asked = Date.now();
    try {
      await htmx.ajax("GET", followed.dataset.rows, { target: "#rows", swap: "outerMorph", headers: muniment.unattended });
    } finally {
      busy = false;
    }
  }
  function soon() {
    if (!pending) pending = setTimeout(renew, Math.max(0, asked + EVERY_MS - Date.now()));
  }
  // A new stream tells by its snapshot what has not ended; what ended while there was none is told by nobody.
  muniment.stream(() => followed.dataset.follows, ["snapshot", "job", "end", "queue", "reset"], soon);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
})();
