/* The ops page beyond its live part: the one dialog, and the time until the switch goes back by itself.
   Without this the dialog opens by its address, and the time is that of the last load. Times are the server's. */
(() => {
  "use strict";

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    const dialog = opener ? document.querySelector(opener.hash) : event.target.closest("[data-closes]")?.closest("dialog");
    if (!dialog?.showModal) return;
    event.preventDefault();
    if (!opener) return dialog.close();
    /* What was refused is shown open by the server, and not above the page. */
    if (dialog.open) dialog.close();
    dialog.showModal();
  });

  const two = (number) => String(number).padStart(2, "0");

  function words(seconds) {
    const hours = Math.floor(seconds / 3600);
    const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
    return `in ${hours ? `${hours}:` : ""}${rest}`;
  }

  function count() {
    for (const one of document.querySelectorAll("[data-until]")) {
      const seconds = Math.max(0, Math.round((Number(one.dataset.until) - serverClock.now()) / 1000));
      one.textContent = words(seconds);
    }
  }

  setInterval(count, 1000);
  count();
})();
