// The lanes: a column for each CPU and service task, time going down. Only the rows in sight are in the document.

const ROW = 20;
const BAR = 6;
const GUTTER = 92;
/** Width of a character of the fixed-width font, measured once. */
const CHAR = (() => {
  const probe = document.createElement("span");
  probe.className = "probe";
  probe.textContent = "x".repeat(100);
  document.body.append(probe);
  const width = probe.getBoundingClientRect().width / 100;
  probe.remove();
  return width || 7.2;
})();

const lanes = {
  rows: [],
  /** Row number of each shown step. */
  at: new Map(),
  /** Left edge of each lane. */
  left: [],
  /** First and last row of each activation in view, with its lane and depth. */
  spans: new Map(),
  drawn: [0, 0],
  scroll: document.getElementById("scroll"),
  content: document.getElementById("content"),
  map: document.getElementById("map"),
};

function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

function svg(tag, attributes, parent) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (parent) parent.append(e);
  return e;
}

/** What a row says, and what came of it. */
function wording(row) {
  if (row.head) {
    if (row.head.op) return [row.head.line + (row.again ? " ..." : ""), ""];
    return [`${row.head.name}()${row.again ? " ..." : ""}`, ""];
  }
  const s = STEPS[row.step];
  return [s.text, s.result];
}

/** What is said of the sides of the finding. */
function culprit(step) {
  if (step === undefined) return "";
  if (step === DATA.finding) return `<-- ${DATA.phrase}`;
  return step === DATA.other ? "<-- the other side" : "";
}

/** Lays the rows out and draws what is in sight. */
function showRows(shown) {
  lanes.rows = rowsOf(shown);
  lanes.at = new Map();
  lanes.spans = new Map();
  lanes.rows.forEach((row, n) => {
    if (row.step !== undefined) lanes.at.set(row.step, n);
    row.chain.forEach((a, depth) => {
      const span = lanes.spans.get(a);
      if (span) span.to = n;
      else lanes.spans.set(a, { from: n, to: n, lane: row.lane, depth });
    });
  });
  lanes.content.style.height = `${(lanes.rows.length + 2) * ROW}px`;
  layOut();
}

/** Lanes stand as far apart as the longest lines on the right allow: a line may run on under its right neighbours. */
function layOut() {
  const width = lanes.scroll.clientWidth - GUTTER;
  const n = DATA.lanes.length;
  const need = new Array(n).fill(0);
  for (const row of lanes.rows) {
    const [text, result] = wording(row);
    const found = culprit(row.step).length + 2;
    const line = (row.depth + 2) * BAR + 22 + (text.length + result.length + 2 + found) * CHAR;
    need[row.lane] = Math.max(need[row.lane], line);
  }
  let pitch = width / n;
  for (let lane = 1; lane < n; lane++) pitch = Math.min(pitch, (width - need[lane]) / lane);
  pitch = Math.max(pitch, Math.min(width / n, 96));
  lanes.left = need.map((_, lane) => GUTTER + lane * pitch);
  drawHeads(pitch);
  draw();
  drawMap();
}

function drawHeads(pitch) {
  const heads = document.getElementById("heads");
  const bare = element("div", "head-number", "step");
  heads.replaceChildren(bare);
  DATA.lanes.forEach((name, lane) => {
    const head = element("div", "head");
    head.style.left = `${lanes.left[lane]}px`;
    head.style.width = lane + 1 < DATA.lanes.length ? `${pitch - 8}px` : "auto";
    head.append(element("b", "", name), element("span", "head-op"));
    head.dataset.lane = lane;
    heads.append(head);
  });
}

/** What each task is doing at step `i`. */
function markHeads(i) {
  for (const head of document.querySelectorAll(".head")) {
    const lane = Number(head.dataset.lane);
    let j = i;
    while (j >= 0 && STEPS[j].lane !== lane) j--;
    head.classList.toggle("running", i >= 0 && STEPS[i].lane === lane);
    const op = j >= 0 ? DATA.ops[STEPS[j].op][1] : "";
    head.querySelector(".head-op").textContent = op;
    head.title = op;
  }
}

const centre = (n) => n * ROW + ROW / 2;
const markX = (row) => lanes.left[row.lane] + row.depth * BAR + 7;

/** Draws the rows in sight, and some around them. */
function draw() {
  const first = Math.floor(lanes.scroll.scrollTop / ROW);
  const count = Math.ceil(lanes.scroll.clientHeight / ROW);
  const from = Math.max(0, first - 30);
  const to = Math.min(lanes.rows.length, first + count + 30);
  lanes.drawn = [from, to];
  const picture = svg("svg", { class: "picture", width: lanes.scroll.clientWidth, height: (to - from + 1) * ROW });
  picture.style.top = `${from * ROW}px`;
  const shift = svg("g", { transform: `translate(0 ${-from * ROW})` }, picture);
  drawBands(shift, from, to);
  drawLaneLines(shift, from, to);
  drawBars(shift, from, to);
  drawSwitches(shift, from, to);
  drawArrows(shift);
  const list = document.createDocumentFragment();
  for (let n = from; n < to; n++) {
    list.append(rowElement(lanes.rows[n], n));
    if (lanes.rows[n].step !== undefined) drawMark(shift, lanes.rows[n], n);
  }
  lanes.content.replaceChildren(picture, list);
}

/** Colour behind the rows that stand out. */
function drawBands(parent, from, to) {
  for (const [name, step] of [["finding", DATA.finding], ["other", DATA.other], ["chosen", ui.step]]) {
    const n = lanes.at.get(step);
    if (n === undefined || n < from || n >= to) continue;
    svg("rect", { class: `band ${name}`, x: 0, y: n * ROW, width: "100%", height: ROW }, parent);
    if (name === "chosen") svg("rect", { class: "chosen-edge", x: 0, y: n * ROW, width: 3, height: ROW }, parent);
  }
}

function drawLaneLines(parent, from, to) {
  lanes.left.forEach((x) => {
    svg("line", { class: "lane-line", x1: x - 3.5, x2: x - 3.5, y1: from * ROW, y2: (to + 1) * ROW }, parent);
  });
}

/** Nested bars: pale while a function is open, stronger where its task runs. */
function drawBars(parent, from, to) {
  const bar = (className, lane, depth, y, height) =>
    svg("rect", { class: className, x: lanes.left[lane] + depth * BAR, y, width: BAR - 1.5, height, rx: 1.5 }, parent);
  for (const span of lanes.spans.values()) {
    if (span.to < from || span.from >= to) continue;
    const y = span.from * ROW + 3;
    bar(`open depth${span.depth % 3}`, span.lane, span.depth, y, (span.to + 1) * ROW - 2 - y);
  }
  for (let n = from; n < to; n++) {
    const row = lanes.rows[n];
    row.chain.forEach((a, depth) => {
      const span = lanes.spans.get(a);
      const y = n * ROW + (span.from === n ? 3 : 0);
      bar(`runs depth${depth % 3}`, row.lane, depth, y, (n + 1) * ROW - (span.to === n ? 2 : 0) - y);
    });
  }
}

function drawSwitches(parent, from, to) {
  for (let n = Math.max(1, from); n < to; n++) {
    const [a, b] = [lanes.rows[n - 1], lanes.rows[n]];
    if (a.lane === b.lane) continue;
    const [x1, x2, y] = [lanes.left[a.lane] + 2, lanes.left[b.lane] + 2, n * ROW + 0.5];
    svg("path", { class: "switch", d: `M${x1} ${y - 5} V${y} H${x2} V${y + 4}` }, parent);
    svg("path", { class: "switch-tip", d: `M${x2 - 3} ${y + 1} L${x2} ${y + 5} L${x2 + 3} ${y + 1}` }, parent);
  }
}

/** The mark of a kind of access. */
function shape(parent, kind, className, x, y) {
  switch (kind) {
    case "write":
    case "read":
      return svg("circle", { class: className, cx: x, cy: y, r: 4 }, parent);
    case "lock":
    case "unlock":
      return svg("rect", { class: className, x: x - 3.5, y: y - 3.5, width: 7, height: 7, rx: 1 }, parent);
    case "fail":
      return svg("path", { class: className, d: `M${x - 3.5} ${y - 3.5} l7 7 m0 -7 l-7 7` }, parent);
    case "barrier":
      return svg("path", { class: className, d: `M${x} ${y - 5} v10` }, parent);
    default:
      return svg("circle", { class: className, cx: x, cy: y, r: 2 }, parent);
  }
}

function drawMark(parent, row, n) {
  const { kind, class: about } = STEPS[row.step];
  shape(parent, kind, `mark k-${kind} c-${about}`, markX(row), centre(n));
}

/** Why the task that ran until here does not go on: in its own lane, which is empty from here on. */
function turnElement(row, before) {
  const e = element("span", "turn", row.turn.text);
  const [text] = wording(row);
  const end = row.lane < before.lane ? markX(row) + (text.length + 3) * CHAR : 0;
  const left = Math.max(markX(before) + 4, end);
  const right = row.lane > before.lane ? lanes.left[row.lane] - 8 : lanes.scroll.clientWidth - 8;
  e.style.left = `${left}px`;
  e.style.maxWidth = `${Math.max(0, right - left)}px`;
  e.title = `${DATA.lanes[before.lane]} ${row.turn.text}`;
  return e;
}

function rowElement(row, n) {
  const [text, result] = wording(row);
  const e = element("div", row.head ? `row is-head${row.head.op ? " is-op" : ""}${row.again ? " again" : ""}` : "row");
  e.style.top = `${n * ROW}px`;
  if (row.turn) e.append(turnElement(row, lanes.rows[n - 1]));
  if (row.head) {
    const words = element("span", "words", text);
    words.style.left = `${lanes.left[row.lane] + (row.depth + 1) * BAR + 3}px`;
    e.append(words);
    return e;
  }
  const s = STEPS[row.step];
  e.dataset.step = row.step;
  if (row.step === DATA.finding) e.classList.add("finding");
  if (row.step === DATA.other) e.classList.add("other");
  if (row.step === ui.step) e.classList.add("chosen");
  if (MATTERS.has(row.step) && !ui.only) e.classList.add("matters");
  e.append(element("span", "number", nameOf(row.step)));
  if (row.hidden > 0) {
    const more = element("button", "more", `+${row.hidden}`);
    more.title = `Show the ${row.hidden} steps before this one`;
    more.dataset.before = row.step;
    more.tabIndex = -1;
    e.append(more);
  }
  const words = element("span", "words", text);
  words.style.left = `${lanes.left[row.lane] + row.depth * BAR + 16}px`;
  if (result) words.append(element("span", `result c-${s.class}`, result));
  if (culprit(row.step)) words.append(element("span", "culprit", culprit(row.step)));
  e.append(words);
  return e;
}

/** Arrows: what orders the sides of the finding, the sides themselves, and where the chosen step's value is from. */
function drawArrows(parent) {
  if (ui.step >= 0 && STEPS[ui.step].kind !== "note") {
    const writer = writerBefore(ui.step);
    const near = writer !== null && lanes.at.get(ui.step) - lanes.at.get(writer) < 60;
    if (near && STEPS[writer].lane !== STEPS[ui.step].lane) arrow(parent, "from", writer, ui.step);
  }
  for (const [from, to] of DATA.path) arrow(parent, "sync", from, to);
  if (DATA.other !== null && DATA.finding !== null) arrow(parent, "race", DATA.other, DATA.finding);
}

function arrow(parent, className, from, to) {
  const [a, b] = [lanes.at.get(from), lanes.at.get(to)];
  if (a === undefined || b === undefined || b < lanes.drawn[0] - 200 || a > lanes.drawn[1] + 200) return;
  const [p, q] = [lanes.rows[a], lanes.rows[b]];
  const [x1, y1, x2, y2] = [markX(p), centre(a), markX(q), centre(b)];
  // Within a lane the arrow goes round on the left, between lanes from top to bottom.
  const round = p.lane === q.lane;
  const far = lanes.left[p.lane] - 28;
  const bend = Math.min(80, Math.abs(y2 - y1) / 2);
  const d = round
    ? `M${x1 - 5} ${y1} C${far} ${y1} ${far} ${y2} ${x2 - 9} ${y2}`
    : `M${x1} ${y1 + 5} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2 - 8}`;
  svg("path", { class: `arrow ${className}`, d }, parent);
  const tip = round
    ? `M${x2 - 12} ${y2 - 4} L${x2 - 5} ${y2} L${x2 - 12} ${y2 + 4} Z`
    : `M${x2 - 4} ${y2 - 11} L${x2} ${y2 - 4} L${x2 + 4} ${y2 - 11} Z`;
  svg("path", { class: `tip ${className}`, d: tip }, parent);
}

/** Brings the row of a step into sight. */
function reveal(step) {
  const n = step === START ? 0 : lanes.at.get(step);
  if (n === undefined) return;
  const { scrollTop, clientHeight } = lanes.scroll;
  const margin = Math.min(5 * ROW, clientHeight / 4);
  const whole = (y) => Math.max(0, Math.ceil(y / ROW) * ROW);
  if (n * ROW < scrollTop + margin) lanes.scroll.scrollTop = whole(n * ROW - margin);
  else if ((n + 1) * ROW > scrollTop + clientHeight - margin) {
    lanes.scroll.scrollTop = whole((n + 1) * ROW - clientHeight + margin);
  }
}

const COLOURS = ["ref", "flags", "cache", "inode", "pte", "lru", "lock", "data", "other"];

/** The whole execution at the right edge. */
function drawMap() {
  const { map } = lanes;
  const [width, height] = [map.clientWidth, map.clientHeight];
  const scale = window.devicePixelRatio || 1;
  map.width = width * scale;
  map.height = height * scale;
  const g = map.getContext("2d");
  g.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colour = Object.fromEntries(COLOURS.map((c) => [c, style.getPropertyValue(`--c-${c}`)]));
  const rows = Math.max(1, lanes.rows.length);
  const unit = Math.min(ROW / 4, height / rows);
  const lane = (width - 8) / DATA.lanes.length;
  const line = (n, name) => {
    if (n === undefined) return;
    g.fillStyle = style.getPropertyValue(name);
    g.fillRect(0, Math.min(height - 2, n * unit), width, 2);
  };
  g.fillStyle = style.getPropertyValue("--sight");
  g.fillRect(0, (lanes.scroll.scrollTop / ROW) * unit, width, Math.max(4, (lanes.scroll.clientHeight / ROW) * unit));
  lanes.rows.forEach((row, n) => {
    g.fillStyle = row.head ? style.getPropertyValue("--line") : colour[STEPS[row.step].class];
    g.fillRect(4 + row.lane * lane, n * unit, Math.max(2, lane - 2), Math.max(1, unit - 0.5));
  });
  line(lanes.at.get(DATA.other), "--warn");
  line(lanes.at.get(DATA.finding), "--bad");
  line(lanes.at.get(ui.step), "--fg");
  lanes.unit = unit;
}
