/* An error page on a kiosk or a wait-room screen: nobody is there to press "back", so it leaves by itself. */
(() => {
  "use strict";

  const AGAIN = 10000;
  const home = ["/kiosk/", "/monitor/"].find((path) => location.pathname.startsWith(path));
  if (!home) return;

  async function leave() {
    try {
      const answer = await fetch("/serves/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (answer.status === 204) return location.replace(home);
    } catch {
      // Without a server, the browser's own error page would be a dead end. Stay, and ask again.
    }
    setTimeout(leave, AGAIN);
  }

  const button = document.querySelector("a.is-main");
  if (button) button.href = home;
  setTimeout(leave, AGAIN);
})();
