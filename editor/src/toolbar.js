// One row of buttons with one tab stop: arrows go along it, Home and End to its ends, Escape back into the text.
// Menus are popovers, so that nothing cuts them off. The words on the buttons are the page's.
import { ACTIONS } from "./actions.js";

function visible(element) {
  return element.offsetParent !== null && !element.disabled;
}

export class Toolbar {
  constructor(root, bar, editor, extra) {
    Object.assign(this, { root, bar, editor, extra });
    this.stops = () => [...bar.querySelectorAll("button")].filter((button) => visible(button) && !button.closest("[popover]"));
    bar.addEventListener("click", (event) => this.click(event));
    bar.addEventListener("keydown", (event) => this.key(event));
    bar.addEventListener("mousedown", (event) => { if (event.target.closest("button")) event.preventDefault(); }); // the text keeps its selection
    for (const menu of bar.querySelectorAll("[popover]")) this.menu(menu);
    this.show();
  }

  click(event) {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    button.closest("[popover]")?.hidePopover();
    const name = button.dataset.do;
    if (ACTIONS[name]) ACTIONS[name].run(this.editor); else this.extra[name]?.(button);
  }

  menu(menu) {
    const opener = this.bar.querySelector(`[popovertarget="${menu.id}"]`);
    menu.addEventListener("toggle", (event) => {
      const open = event.newState === "open";
      opener.setAttribute("aria-expanded", String(open));
      if (!open) return;
      const place = opener.getBoundingClientRect();
      menu.style.left = `${Math.max(8, Math.min(place.left, innerWidth - menu.offsetWidth - 8))}px`;
      menu.style.top = `${Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
      menu.querySelector("button:not(:disabled)")?.focus({ preventScroll: true });
    });
    addEventListener("scroll", () => { if (menu.matches(":popover-open")) menu.hidePopover(); }, { passive: true });
    menu.addEventListener("keydown", (event) => {
      const items = [...menu.querySelectorAll("button")].filter(visible);
      const here = items.indexOf(document.activeElement);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) items[(here + step + items.length) % items.length].focus();
      else if (event.key === "Escape") { menu.hidePopover(); opener.focus(); } else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  key(event) {
    if (event.target.closest("[popover]")) return;
    const stops = this.stops();
    const here = stops.indexOf(document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: stops.length - 1 }[event.key];
    if (event.key === "Escape") { event.preventDefault(); this.editor.commands.focus(); return; }
    if (to === undefined) return;
    event.preventDefault();
    this.stop(stops[(to + stops.length) % stops.length]);
    document.activeElement.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }

  /** The one button that Tab reaches. */
  stop(button, focus = true) {
    for (const each of this.bar.querySelectorAll("button")) if (!each.closest("[popover]")) each.tabIndex = each === button ? 0 : -1;
    if (focus) button?.focus();
  }

  enter() {
    this.stop(this.stops().find((button) => button.tabIndex === 0) ?? this.stops()[0]);
  }

  show() {
    for (const button of this.bar.querySelectorAll("button[data-do]")) {
      const action = ACTIONS[button.dataset.do];
      if (!action) continue;
      if (action.on) button.setAttribute(button.closest("[popover]") ? "aria-checked" : "aria-pressed", String(action.on(this.editor)));
      if (action.can) button.disabled = !action.can(this.editor);
    }
    // whatever can be pressed, also before the surface is shown: Tab must reach the row from the beginning
    const stops = [...this.bar.querySelectorAll("button")].filter((button) => !button.disabled && !button.closest("[popover]"));
    if (!stops.some((button) => button.tabIndex === 0)) this.stop(stops[0], false);
  }
}
