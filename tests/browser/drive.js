// Uses the report as a reader does, and leaves what came of it in the title.
addEventListener("load", () => setTimeout(() => {
  const seen = {};
  try {
    const output = document.querySelector(".filters output");
    const shown = () => [...document.querySelectorAll(".finding")].filter(one => !one.hidden).length;
    const say = (control, value, kind = "input") => {
      if (value !== undefined) control.value = value;
      control.dispatchEvent(new Event(kind, { bubbles: true }));
    };
    const cards = () => [...document.querySelectorAll(".card")];
    const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    seen.all = shown();
    seen.output = output.value;
    const rule = document.querySelector("[data-filter=rule]");
    say(rule, rule.options[1].value);
    seen.ofRule = shown();
    say(rule, "");
    say(document.querySelector("[data-search]"), "no such word anywhere");
    seen.ofNothing = shown();
    say(document.querySelector("[data-search]"), "");
    seen.again = shown();
    press(document.body, "/");
    seen.searchFocused = document.activeElement === document.querySelector("[data-search]");
    const boxes = [...document.querySelectorAll("[data-level]")].filter(one => one.type === "checkbox");
    boxes.forEach(box => { box.checked = box.dataset.level === "error"; });
    say(boxes[0]);
    seen.errors = shown();
    document.querySelector(".filters").reset();
    seen.cards = cards().length;
    seen.names = cards().map(card => card.dataset.name);
    const first = cards().find(card => Number(card.querySelector("text.dim")?.textContent) > 0) ?? cards()[0];
    first.focus();
    press(first, "Enter");
    const panel = document.querySelector(".panel");
    seen.panel = panel.hidden ? null : panel.querySelector("h3").textContent;
    seen.focusKept = document.activeElement.dataset?.name;
    for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"]) press(document.activeElement, key);
    seen.focusMoved = document.activeElement.classList.contains("card");
    press(document.activeElement, "Escape");
    seen.closed = panel.hidden;
    const mode = [...document.querySelectorAll(".tools select")].find(one => [...one.options].some(option => option.value === "around"));
    say(mode, "all", "change");
    seen.allCards = cards().length;
    seen.overlaps = 0;
    const boxesOf = cards().map(card => card.getBoundingClientRect());
    boxesOf.forEach((a, at) => boxesOf.slice(at + 1).forEach(b => {
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) seen.overlaps += 1;
    }));
    say(mode, "around", "change");
    say(document.querySelector(".tools input"), "T1", "change");
    seen.aroundCards = cards().length;
    seen.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    seen.injected = window.injected ?? false;
    seen.resources = performance.getEntriesByType("resource").length;
  } catch (error) {
    seen.problem = String(error.stack ?? error);
  }
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify(seen);
  document.body.append(out);
}, 50));
