// Small comforts; every page works without them. No handler in the markup, no third party.
"use strict";

const root = document.documentElement;

// The colour scheme changes without a new page; the server remembers it by the same cookie.
for (const link of document.querySelectorAll("a[data-theme-choice]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const choice = link.dataset.themeChoice;
    if (choice === "auto") root.removeAttribute("data-theme");
    else root.dataset.theme = choice;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    for (const other of document.querySelectorAll("a[data-theme-choice]")) {
      if (other === link) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
  });
}

// A form is sent once. The server would recognise the second sending; this says so sooner.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-live]") && /^(add|drop|look)/.test(event.submitter?.value ?? "")) {
    event.preventDefault();
    refresh(form, event.submitter.value);
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.matches("[data-file]")) return;
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

// A form that says itself: what it means follows each change, and a part that is added or taken
// away comes without a new page. The server draws it all; without a script its buttons do the same.
let asked = 0;
async function refresh(form, verb, kept) {
  const number = ++asked;
  const values = new URLSearchParams(new FormData(form));
  values.set("verb", verb);
  let answer;
  try {
    const response = await fetch(form.action, { method: "POST", body: values });
    answer = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return;
  }
  const fresh = answer.querySelector("form[data-live]");
  if (!fresh || number !== asked) return;
  for (const each of fresh.querySelectorAll("[autofocus]")) {
    each.removeAttribute("autofocus");
    each.dataset.focus = "";
  }
  if (kept === undefined || kept.matches("[data-shapes]")) {
    const open = [...form.querySelectorAll("details")].map((each) => each.open);
    form.replaceChildren(...fresh.childNodes);
    if (kept) form.querySelectorAll("details").forEach((each, place) => { each.open ||= open[place]; });
    const next = kept ? document.getElementById(kept.id) : form.querySelector("[data-focus]");
    next?.focus();
  } else {
    form.querySelector("[data-said]").replaceChildren(...fresh.querySelector("[data-said]").childNodes);
  }
}
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-live]");
  if (form && !event.target.name.endsWith(".add")) refresh(form, "look", event.target);
});

// Copying a key, a link or an id.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const words = button.textContent;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(source);
    }
    setTimeout(() => { button.textContent = words; }, 1600);
  });
}

// Ctrl-K or ⌘-K goes to the search box. There are no single-letter shortcuts to trip over.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
  const box = document.querySelector("input[type=search]");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// A form that came back with something to mend begins at its summary.
document.querySelector("[data-focus]")?.focus();
