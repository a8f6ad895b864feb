/* A press on the panel changes the panel alone: the three screens beside it go on undisturbed, which is the point.
   Whoever logs in gets a new form token, so every form takes the page's newest one before it is sent. */
(() => {
  "use strict";

  const page = async (address, options) => {
    const answer = await fetch(address, { cache: "no-store", credentials: "same-origin", ...options });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };
  const token = (where) => where.querySelector('[name="csrfmiddlewaretoken"]');

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const said = new FormData(form, event.submitter);
    event.preventDefault();
    token(form).value = token(await page(location.href)).value;
    if (form.target) return form.submit();
    said.set("csrfmiddlewaretoken", token(form).value);
    const after = await page(form.action, { method: "POST", body: new URLSearchParams(said) });
    const panel = document.querySelector("[data-panel]");
    const pressed = document.activeElement?.value;
    panel.replaceWith(after.querySelector("[data-panel]"));
    document.querySelector(`[data-panel] button[value="${pressed}"]`)?.focus();
  });
})();
