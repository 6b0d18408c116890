// Uploads with their progress and what comes of them; pages that follow the jobs of what they show.
"use strict";
(() => {
  const { stream, token, toast, unattended } = window.muniment;
  const AT_ONCE = 3;
  const SHOWN = 200;
  const pairs = (text) => Object.fromEntries((text || "").split(";").filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  // A document's id is made here: a file that is sent again after a broken connection is the same document.
  const newId = () => crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (+c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (+c / 4)))).toString(16));

  let moved = 0;
  function tellMoved() {
    // Once in a while, however much happens: a page of fifty rows is asked for anew each time.
    if (moved) return;
    moved = setTimeout(() => { moved = 0; document.body.dispatchEvent(new CustomEvent("muniment:moved")); }, 1200);
  }

  class Uploads {
    constructor(panel) {
      this.panel = panel;
      this.texts = panel.dataset;
      this.states = pairs(panel.dataset.states);
      this.steps = pairs(panel.dataset.steps);
      this.why = JSON.parse(panel.dataset.why);
      this.list = panel.querySelector("[data-list]");
      this.rows = this.list.querySelector("ul");
      this.waiting = [];
      this.sending = 0;
      this.items = [];
      this.byJob = new Map();
      this.live = null;
      this.wire();
    }

    wire() {
      const { panel } = this;
      for (const kind of ["files", "folder"]) {
        const input = panel.querySelector(`[data-${kind}]`);
        panel.querySelector(`[data-pick="${kind}"]`)?.addEventListener("click", () => input.click());
        input?.addEventListener("change", () => { this.add([...input.files]); input.value = ""; });
      }
      let depth = 0;
      const over = (on) => panel.classList.toggle("over", on);
      addEventListener("dragenter", (event) => { if (event.dataTransfer?.types.includes("Files")) { depth += 1; over(true); } });
      addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); over(depth > 0); });
      addEventListener("dragover", (event) => event.preventDefault());
      addEventListener("drop", async (event) => {
        event.preventDefault();
        depth = 0;
        over(false);
        if (event.dataTransfer) this.add(await dropped(event.dataTransfer));
      });
      panel.querySelector("[data-clear]").addEventListener("click", () => this.clear());
      panel.querySelector("[data-fetch]")?.addEventListener("submit", (event) => {
        event.preventDefault();
        const field = panel.querySelector("#url");
        if (field.value) { this.enter({ url: field.value, name: field.value, size: 0 }); field.value = ""; this.pump(); }
      });
      addEventListener("beforeunload", (event) => { if (this.sending || this.waiting.length) event.preventDefault(); });
    }

    add(files) {
      const wanted = files.filter((file) => file.size > 0 && !file.name.startsWith("."));
      if (wanted.length < files.length) toast(this.texts.skipped.replace("{count}", files.length - wanted.length));
      for (const file of wanted) this.enter({ file, name: file.webkitRelativePath || file.name, size: file.size });
      this.pump();
    }

    enter(what) {
      const item = { ...what, id: newId(), row: null, ended: false, failed: false };
      this.items.push(item);
      this.list.hidden = false;
      if (this.items.length <= SHOWN) {
        item.row = this.panel.querySelector("[data-row]").content.firstElementChild.cloneNode(true);
        item.row.querySelector(".name").textContent = item.name;
        item.row.querySelector(".name").title = item.name;
        item.row.querySelector(".what").textContent = item.size ? size(item.size) : "";
        item.row.querySelector("progress").setAttribute("aria-label", `${this.texts.progress}: ${item.name}`);
        this.rows.append(item.row);
      }
      this.say(item, this.texts.waiting);
      if (item.size > Number(this.texts.largest)) this.fail(item, this.texts.tooLarge, false);
      else this.waiting.push(item);
    }

    pump() {
      while (this.sending < AT_ONCE && this.waiting.length) this.send(this.waiting.shift());
      this.sum();
    }

    send(item) {
      this.sending += 1;
      this.listen();
      this.say(item, this.texts.sending);
      const request = new XMLHttpRequest();
      request.open("POST", this.texts.upload);
      request.setRequestHeader("X-CSRF-Token", token());
      request.responseType = "json";
      request.timeout = 0;
      request.upload.onprogress = (event) => { if (event.lengthComputable) this.progress(item, (event.loaded / event.total) * 0.5); };
      request.onload = () => this.answered(item, request);
      request.onerror = () => this.fail(item, this.texts.lost, true);
      request.onloadend = () => { this.sending -= 1; this.pump(); };
      const labels = pairs((document.getElementById("labels")?.value || "").split("\n").map((line) => line.trim()).filter((line) => line.includes("=")).join(";"));
      const subject = document.getElementById("subject")?.value.trim();
      const version = this.texts.upload.endsWith("/versions");
      if (item.url) {
        request.setRequestHeader("Content-Type", "application/json");
        request.send(JSON.stringify({ url: item.url, document_id: item.id, metadata: labels, ...(subject ? { subject } : {}) }));
        return;
      }
      const form = new FormData();
      if (!version) form.append("document_id", item.id);
      if (Object.keys(labels).length) form.append("metadata", JSON.stringify(labels));
      if (subject) form.append("subject", subject);
      form.append("lane", this.items.length > 20 ? "bulk" : "interactive");
      form.append("file", item.file, item.file.name);
      request.send(form);
    }

    answered(item, request) {
      const told = request.response;
      if (request.status === 401) { location.assign("/console/sign-in?done=session_over"); return; }
      if (request.status !== 202 || !told?.job_id) {
        const why = told?.title ? `${told.title}. ${told.what_to_do}` : this.texts.lost;
        this.fail(item, why, request.status >= 500 || !told?.title);
        return;
      }
      item.job = told.job_id;
      item.document = told.document_id;
      this.byJob.set(told.job_id, item);
      this.progress(item, 0.5);
      this.say(item, this.states.queued);
      if (this.early?.has(told.job_id)) this.heard(this.early.get(told.job_id));
    }

    listen() {
      if (this.live) return;
      this.early = new Map();
      // Everything of the tenant: which jobs will be ours is known only when they are there.
      this.live = stream(() => "/v1/jobs/events", ["snapshot", "job", "end", "reset", "reconnect"], (event) => {
        if (event.type === "snapshot") { for (const job of JSON.parse(event.data).jobs) this.heard(job); this.missed(); }
        else if (event.type === "job" || event.type === "end") this.heard(JSON.parse(event.data));
      });
    }

    // After a connection that was lost: what ended meanwhile is in no snapshot.
    async missed() {
      const open = this.items.filter((item) => item.job && !item.ended).map((item) => item.job);
      for (let from = 0; from < open.length; from += 100) {
        const asked = new URLSearchParams(open.slice(from, from + 100).map((id) => ["job_id", id]));
        const answer = await fetch(`/v1/jobs?${asked}`, { headers: unattended }).catch(() => null);
        if (answer?.ok) for (const job of (await answer.json()).items) this.heard(job);
      }
    }

    heard(job) {
      const item = this.byJob.get(job.job_id);
      if (!item) { if (this.early.size < 5000) this.early.set(job.job_id, job); return; }
      if (item.ended) return;
      tellMoved();
      if (job.ended) {
        item.ended = true;
        if (job.state === "succeeded") { this.progress(item, 1); this.say(item, this.states.succeeded, "ok"); this.link(item); }
        else this.fail(item, this.why[job.error?.code] || job.error?.reason || this.states[job.state] || job.state, false);
        if (item.row) item.row.dataset.ended = "";
        this.sum();
        return;
      }
      const share = job.progress?.total ? job.progress.done / job.progress.total : 0;
      const order = Object.keys(this.steps).indexOf(job.step);
      if (order >= 0) this.progress(item, Math.max(item.share || 0, 0.5 + (0.5 * (order + share)) / Object.keys(this.steps).length));
      this.say(item, job.state === "running" ? (this.steps[job.step] || this.states.running) : this.states[job.state]);
    }

    progress(item, share) { item.share = share; if (item.row) item.row.querySelector("progress").value = share; }

    say(item, text, tone = "") {
      if (!item.row) return;
      const place = item.row.querySelector(".doing");
      place.className = `doing small ${tone}`;
      place.textContent = text;
    }

    link(item) {
      if (!item.row || !item.document) return;
      const open = document.createElement("a");
      open.className = "button tiny";
      open.href = `/console/library/documents/${item.document}`;
      open.textContent = this.texts.open;
      item.row.querySelector(".after").replaceChildren(open);
    }

    fail(item, why, again) {
      item.failed = true;
      item.ended = true;
      this.say(item, why, "bad");
      if (item.row) item.row.dataset.ended = "";
      if (again && item.row) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "tiny";
        button.textContent = this.texts.again;
        button.onclick = () => { item.failed = item.ended = false; delete item.row.dataset.ended; button.remove(); this.waiting.push(item); this.pump(); };
        item.row.querySelector(".after").replaceChildren(button);
      } else this.link(item);
      this.sum();
    }

    sum() {
      const done = this.items.filter((item) => item.ended && !item.failed).length;
      const failed = this.items.filter((item) => item.failed).length;
      const text = this.texts.sum.replace("{done}", done).replace("{all}", this.items.length);
      this.list.querySelector("[data-sum-text]").textContent = failed ? `${text} · ${this.texts.sumFailed.replace("{count}", failed)}` : text;
      if (this.items.length && this.items.every((item) => item.ended)) {
        tellMoved();
        this.live?.close();
        this.live = null;
      }
    }

    clear() {
      for (const item of this.items.filter((one) => one.ended)) { item.row?.remove(); this.byJob.delete(item.job); }
      this.items = this.items.filter((item) => !item.ended);
      this.list.hidden = !this.items.length;
      this.sum();
    }
  }

  const size = (bytes) => {
    const units = ["B", "KB", "MB", "GB"];
    let unit = 0;
    let amount = bytes;
    while (amount >= 1000 && unit < 3) { amount /= 1000; unit += 1; }
    return `${unit ? amount.toFixed(1) : amount} ${units[unit]}`;
  };

  // Files of a drop, those in folders too.
  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return [...transfer.files];
    const found = [];
    const walk = async (entry) => {
      if (entry.isFile) { found.push(await new Promise((done, failed) => entry.file(done, failed))); return; }
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((done, failed) => reader.readEntries(done, failed));
        if (!some.length) return;
        for (const one of some) await walk(one);
      }
    };
    for (const entry of entries) await walk(entry);
    return found;
  }

  const panel = document.querySelector("[data-upload]");
  const uploads = panel ? new Uploads(panel) : null;
  window.muniment.uploads = uploads;

  // A document's page follows its jobs. A new stream tells by its snapshot what has not ended; what ended while there was
  // none is told by nobody, so the page looks again.
  const watched = document.querySelector("[data-watch]");
  if (watched) {
    stream(() => `/v1/jobs/events?document_id=${watched.dataset.watch}`, ["snapshot", "job", "end", "reset"], tellMoved);
  }

  // A passage that is named by its anchor only, and lies on another page of the text.
  const reading = document.querySelector("[data-reading]");
  const named = /^#c(\d+)$/.exec(location.hash);
  if (reading && named) {
    const wanted = Number(named[1]);
    if (wanted < Number(reading.dataset.first) || wanted > Number(reading.dataset.last)) {
      const there = new URL(location.href);
      there.searchParams.set("chunk", String(wanted));
      if (new URLSearchParams(location.search).get("chunk") !== String(wanted)) location.replace(there);
    }
  }
  const cited = reading?.querySelector("mark");
  if (cited) cited.scrollIntoView({ block: "center" });
})();
