// Sends a slider's new value without reloading the page, and shows it while it moves.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("stream-form");
  const refresh = () => document.dispatchEvent(new Event("fairstream-refresh"));

  document.querySelectorAll("#live figure").forEach((figure) => { figure.scrollLeft = figure.scrollWidth; }); // the newest
  byId("refresh-form").addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
  if (!form) return;

  const send = async () => {
    let text = "Not sent: FairStream does not answer.";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      text = answer.ok ? "Applied." : page.getElementById("applied")?.textContent.trim() || "Not applied.";
    } catch { /* the text says so */ }
    byId("applied").textContent = text;
  };

  let isSending = false;
  let isChanged = false;
  const apply = async () => { // one request at a time: of two at once, the older one could arrive last
    isChanged = true;
    if (isSending) return;
    isSending = true;
    while (isChanged) {
      isChanged = false;
      await send();
    }
    isSending = false;
    refresh();
  };

  form.addEventListener("input", (event) => {
    form.querySelector(`output[for="${event.target.id}"]`).value = event.target.value;
  });
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.id === "refresh") return;
    event.preventDefault();
    apply();
  });
})();
