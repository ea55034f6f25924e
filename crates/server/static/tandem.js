// What the pages do beyond HTML and htmx. They work without it.
"use strict";

/** Shows moments in the reader's own time zone and manner; the server writes them in UTC. */
function localTimes(root) {
  const language = document.documentElement.lang;
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.dataset.local = "";
    time.title = time.textContent;
    time.textContent = at.toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" });
  }
}

document.addEventListener("DOMContentLoaded", () => localTimes(document));
document.addEventListener("htmx:load", (event) => localTimes(event.detail.elt));

// A form that was sent is not sent twice by an impatient second press.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.target.hasAttribute("hx-post") || event.defaultPrevented) return;
  setTimeout(() => (button.disabled = true));
  setTimeout(() => (button.disabled = false), 5000);
});

// A page that needs someone signed in, asked for in part after the session has ended, is loaded whole.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.reload();
});
