// Runs in the browser before everything else. React drops a press that falls before it has taken the button over, and says nothing: on a slow
// machine that is the first press of whoever is in a hurry. It is kept here, and done as soon as somebody listens. Only the last one counts.
(() => {
  const patienceMs = 30_000;
  const againMs = 40;
  let timer;

  /** React marks what it has taken over. Where the mark is unknown to us, a press is held until patience ends: no worse than lost. */
  const taken = (button) => Object.keys(button).some((key) => key.startsWith("__reactProps$"));
  const words = (button) => button.getAttribute("aria-label") ?? button.textContent;
  /** Forms with an address work without any script. */
  const works = (button) => button.type === "submit" && button.form !== null && button.form.hasAttribute("action");

  function keep(button) {
    const [said, until] = [words(button), performance.now() + patienceMs];
    const press = () => {
      // What it says now must be what was pressed, and it must still be allowed.
      if (!button.isConnected || words(button) !== said || button.getAttribute("aria-disabled") === "true" || performance.now() > until) return;
      if (taken(button)) {
        let reached = false;
        const heard = () => (reached = true);
        button.addEventListener("click", heard, { capture: true, once: true });
        button.click();
        button.removeEventListener("click", heard, { capture: true });
        if (reached) return;
      }
      timer = setTimeout(press, againMs);
    };
    timer = setTimeout(press, againMs);
  }

  addEventListener(
    "click",
    (event) => {
      if (!event.isTrusted || !(event.target instanceof Element)) return;
      clearTimeout(timer);
      const button = event.target.closest("button");
      if (button === null || works(button)) return;
      if (!taken(button)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        keep(button);
        return;
      }
      // React stops at the document what it cannot deliver yet.
      let reached = false;
      button.addEventListener("click", () => (reached = true), { capture: true, once: true });
      setTimeout(() => {
        if (!reached) keep(button);
      });
    },
    { capture: true },
  );
})();
