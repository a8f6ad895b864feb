/* A press on the panel changes the panel alone: the three screens beside it go on undisturbed, which is the point.
   Whoever logs in gets a new form token, so every form takes the page's newest one before it is sent. */
(() => {
  "use strict";

  async function page(address, options) {
    const answer = await fetch(address, { cache: "no-store", credentials: "same-origin", ...options });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  async function press(form, said) {
    const [mine, newest] = [form, await page(location.href)].map((one) => one.querySelector('[name="csrfmiddlewaretoken"]'));
    mine.value = newest.value;
    if (form.target) return form.submit();
    said.set(mine.name, mine.value);
    // Not form.action: the switch's button has that name.
    const after = await page(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(said) });
    document.querySelector("[data-panel]").replaceWith(after.querySelector("[data-panel]"));
  }

  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    await press(event.target, new FormData(event.target, button)).catch(() => location.reload());
    document.querySelector(`[data-panel] button[name="${button.name}"][value="${button.value}"]`)?.focus();
  });
})();
