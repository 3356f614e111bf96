// Loads the page again every 5 seconds and replaces what has changed; keeps focus, scroll position and selection.
"use strict";
(() => {
  const every = 5000;
  const byId = (id) => document.getElementById(id);

  const replace = (fresh) => {
    const old = byId("live");
    if (old.innerHTML === fresh.innerHTML) return;
    const said = (root) => root.querySelector("[data-announce]")?.textContent.trim() ?? "";
    const before = said(old);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    if (focused && focused.matches("input")) return; // nobody loses what they type
    if (String(window.getSelection())) return; // or what they select
    const wide = () => [...old.querySelectorAll(".scroll, figure")];
    const scrolls = wide().map((element) => element.scrollLeft);
    const place = focused?.id || "";
    const number = wide().indexOf(focused);
    old.replaceChildren(...fresh.childNodes);
    wide().forEach((element, i) => { element.scrollLeft = scrolls[i] || 0; });
    if (place) byId(place)?.focus({ preventScroll: true });
    else if (number >= 0) wide()[number]?.focus({ preventScroll: true });
    if (said(old) !== before) byId("announce").textContent = said(old);
  };

  let timer = 0;
  const update = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(every) });
      if (answer.redirected) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      if (!answer.ok || !fresh) throw new Error("no page");
      byId("lost").hidden = true;
      byId("lost-since").textContent = page.getElementById("lost-since").textContent;
      replace(fresh);
    } catch {
      byId("lost").hidden = false;
    }
    clearTimeout(timer);
    timer = setTimeout(update, every);
  };

  timer = setTimeout(update, every);
  document.addEventListener("fairstream-refresh", update);
})();
