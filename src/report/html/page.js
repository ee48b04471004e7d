// The page: what is chosen, keys, buttons, tabs, links.

const ui = {
  step: START,
  /** Only the steps that matter. */
  only: MATTERS.size > 0,
  /** Steps shown besides, on request. */
  extra: new Set(),
};

/** Positions of the steps in view, in order. */
let shown = [];

function compute() {
  shown = STEPS.map((_, i) => i).filter((i) => !ui.only || MATTERS.has(i) || ui.extra.has(i));
}

/** The shown step `by` places from the chosen one. */
function neighbour(by) {
  const at = ui.step === START ? -1 : shown.findIndex((i) => i >= ui.step);
  const n = at + by;
  if (n < 0) return START;
  return shown[Math.min(n, shown.length - 1)];
}

/** The next shown step, or the one before, at which another task begins to run. */
function switchFrom(step, by) {
  const begins = shown.filter((i, n) => n === 0 || STEPS[shown[n - 1]].lane !== STEPS[i].lane);
  if (by > 0) return begins.find((i) => i > step) ?? shown[shown.length - 1];
  return begins.filter((i) => i < step).pop() ?? START;
}

/** Chooses a step, and shows it whatever the view. */
function choose(step) {
  if (step === undefined || step === null) return;
  if (step !== START && !shown.includes(step)) setOnly(false);
  ui.step = step;
  const hash = `#step=${nameOf(step)}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
  reveal(step);
  draw();
  drawMap();
  markHeads(step);
  showDetail(step);
  const n = shown.indexOf(step);
  showState(step, n > 0 ? shown[n - 1] : START);
  const where = step === START ? "start" : `step ${nameOf(step)} (${n + 1} of ${shown.length})`;
  document.getElementById("where").textContent = where;
}

function setOnly(only) {
  ui.only = only && MATTERS.size > 0;
  ui.extra.clear();
  refill();
}

function refill() {
  compute();
  showRows(shown);
  const button = document.getElementById("only");
  button.setAttribute("aria-pressed", String(ui.only));
  button.textContent = ui.only ? `${shown.length} steps that matter` : `all ${shown.length} steps`;
}

/** The other view; a chosen step it does not show gives way to the last shown one before. */
function toggle() {
  setOnly(!ui.only);
  choose(ui.step === START || shown.includes(ui.step) ? ui.step : (shown.filter((i) => i < ui.step).pop() ?? START));
}

/** Shows the steps hidden just before a shown one. */
function expand(step) {
  for (let i = step - 1; i >= 0 && !shown.includes(i); i--) ui.extra.add(i);
  refill();
  choose(ui.step);
}

const MOVES = {
  ArrowRight: () => choose(neighbour(1)),
  ArrowLeft: () => choose(neighbour(-1)),
  ArrowDown: () => choose(neighbour(1)),
  ArrowUp: () => choose(neighbour(-1)),
  j: () => choose(neighbour(1)),
  k: () => choose(neighbour(-1)),
  "shift ArrowRight": () => choose(switchFrom(ui.step, 1)),
  "shift ArrowLeft": () => choose(switchFrom(ui.step, -1)),
  "shift ArrowDown": () => choose(switchFrom(ui.step, 1)),
  "shift ArrowUp": () => choose(switchFrom(ui.step, -1)),
  Home: () => choose(START),
  End: () => choose(shown[shown.length - 1]),
  f: () => choose(DATA.finding),
  o: () => choose(DATA.other),
  s: toggle,
};

const BUTTONS = {
  first: "Home", last: "End", prev: "ArrowLeft", next: "ArrowRight",
  "prev-switch": "shift ArrowLeft", "next-switch": "shift ArrowRight", only: "s",
};

function openTab(name) {
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
  }
  for (const main of document.querySelectorAll(".tab")) main.hidden = main.id !== name;
  document.getElementById("controls").hidden = name !== "timeline";
  if (name === "timeline") {
    layOut();
    choose(ui.step);
  }
}

async function copy(button) {
  const text = document.getElementById(button.dataset.copy).textContent;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without leave to write to the clipboard: by way of a selection.
    const area = element("textarea", "offscreen");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1200);
}

function fillHeader() {
  document.getElementById("title").textContent = DATA.title;
  const chips = document.getElementById("chips");
  const chip = (text, className) => chips.append(element("span", `chip ${className || ""}`, text));
  chip("simulated CPUs, not a kernel", "simulated");
  chip(`model ${DATA.kernel}`);
  for (const bug of DATA.bugs) chip(`bug ${bug}`, "bug");
  chip(DATA.signature, "signature");
  document.getElementById("rule").textContent = `${DATA.rule} (${DATA.rule_code}; ${DATA.stage})`;
  const sides = document.getElementById("sides");
  const side = (step, key, name) => {
    if (step === null) return;
    const s = STEPS[step];
    const b = element("button", `side ${name}`);
    b.dataset.goto = step;
    b.append(element("kbd", "", key), element("b", "", `#${s.seq} ${DATA.lanes[s.lane]}`));
    const frame = CHAINS[step].slice(1).pop();
    b.append(element("span", "", `${frame ? `${frame.name}(): ` : ""}${s.text}`));
    sides.append(b);
  };
  side(DATA.other, "o", "other");
  if (DATA.ordered !== null) sides.append(element("span", "between", betweenSides()));
  side(DATA.finding, "f", "finding");
}

/** Whether anything orders the two sides. */
function betweenSides() {
  if (!DATA.ordered) return "no lock, acquire or wake-up orders these";
  if (DATA.path.length === 0) return "one task, in program order";
  return `ordered, through ${DATA.path.length} synchronization${DATA.path.length > 1 ? "s" : ""}`;
}

const CLASSES = {
  ref: "refcount", flags: "page flags", cache: "page cache", inode: "inode", pte: "page tables", lru: "LRU",
  lock: "locks", data: "contents",
};
const KINDS = { write: "write", read: "read", fail: "failed", lock: "lock", unlock: "unlock", note: "note" };

function fillLegend() {
  const legend = document.getElementById("legend");
  for (const [name, text] of Object.entries(CLASSES)) {
    if (!STEPS.some((s) => s.class === name)) continue;
    const item = element("span", `key c-${name}`);
    item.append(element("i", "swatch"), text);
    legend.append(item);
  }
  for (const [kind, text] of Object.entries(KINDS)) {
    const item = element("span", "key shape");
    shape(svg("svg", { width: 12, height: 12 }, item), kind, `mark k-${kind} c-other`, 6, 6);
    item.append(text);
    legend.append(item);
  }
  const keys = element("span", "keys");
  keys.textContent = "keys: \u2190 \u2192 step, shift: switch, f finding, o other side, s all steps, Home, End";
  legend.append(keys);
}

function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("timeline").hidden) return;
    const move = MOVES[(event.shiftKey && event.key.startsWith("Arrow") ? "shift " : "") + event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    if (on(".more")) return expand(Number(on(".more").dataset.before));
    if (on("[data-goto]")) {
      openTab("timeline");
      return choose(Number(on("[data-goto]").dataset.goto));
    }
    if (on("[data-step]")) return choose(Number(on("[data-step]").dataset.step));
    if (on("[data-copy]")) return copy(on("[data-copy]"));
    if (on("[data-tab]")) return openTab(on("[data-tab]").dataset.tab);
    const button = on(".controls button");
    if (button) MOVES[BUTTONS[button.id]]();
    return undefined;
  });
  lanes.scroll.addEventListener("scroll", () => requestAnimationFrame(() => {
    const first = lanes.scroll.scrollTop / ROW;
    const last = first + lanes.scroll.clientHeight / ROW;
    const [from, to] = lanes.drawn;
    if (first < from || (last > to && to < lanes.rows.length)) draw();
    drawMap();
  }));
  const scrub = (event) => {
    if (event.buttons !== 1) return;
    const row = event.offsetY / lanes.unit;
    lanes.scroll.scrollTop = row * ROW - lanes.scroll.clientHeight / 2;
  };
  lanes.map.addEventListener("pointerdown", scrub);
  lanes.map.addEventListener("pointermove", scrub);
  window.addEventListener("resize", layOut);
  window.addEventListener("hashchange", () => choose(stepInHash()));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMap);
}

/** The step the link names. */
function stepInHash() {
  return stepNamed(new URLSearchParams(location.hash.slice(1)).get("step"));
}

fillHeader();
fillLegend();
document.getElementById("diagram-text").textContent = DATA.diagram;
document.getElementById("report-text").textContent = DATA.report;
document.getElementById("repro-text").textContent = DATA.repro;
document.getElementById("commands-text").textContent = DATA.commands.join("\n");
listen();
setOnly(true);
choose(stepInHash() ?? DATA.finding ?? START);
