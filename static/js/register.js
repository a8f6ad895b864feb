/* Puts the worker in place that shows our own page while the server is away. The tag of the script that it is in: data-scope. */
(() => {
  "use strict";

  const { scope } = document.currentScript.dataset;
  // Without it (no https, an old browser) all else works; the browser shows its own error page then.
  if (navigator.serviceWorker) navigator.serviceWorker.register("/shell.js", { scope }).catch(() => {});
})();
