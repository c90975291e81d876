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
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
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
