// The panel: the chosen step, and the state of the machine after it.

/** Values that are sets, and what parts them. */
const SETS = { flags: "|", "held by": ", ", holds: ", ", context: ", " };

/** The chosen step in words. */
function showDetail(i) {
  const box = document.getElementById("detail");
  if (i === START) {
    box.replaceChildren(element("h2", "", "Initial state"), element("p", "dim", "before the first operation"));
    return;
  }
  const s = STEPS[i];
  const title = element("h2");
  title.append(element("span", "tag", `#${s.seq} ${DATA.lanes[s.lane]}`), ` ${DATA.ops[s.op][1]}`);
  const what = element("p", "what", s.text);
  if (s.result) what.append(element("span", `result c-${s.class}`, s.result));
  const facts = element("p", "dim");
  facts.append(s.kind === "note" ? `in ${s.site}` : `${s.site}, ${s.order}`);
  const stack = element("p", "stack");
  CHAINS[i].slice(1).reverse().forEach((a, n) => {
    if (n) stack.append(element("span", "dim", " < "));
    const name = element("span", n ? "frame" : "frame innermost", a.name);
    name.title = a.file;
    stack.append(name);
    if (!n) stack.append(element("span", "dim", ` ${a.file}`));
  });
  const links = element("p", "links");
  if (s.kind !== "note" && s.kind !== "barrier") {
    const link = (text, to) => {
      if (to === null) return;
      const b = element("button", "link", `${text} #${STEPS[to].seq} ${DATA.lanes[STEPS[to].lane]}`);
      b.dataset.goto = to;
      links.append(b);
    };
    link("last written by", writerBefore(i));
    link("next access", nextAbout(i));
  }
  const sw = SWITCHES.get(i);
  const parts = [title, what, facts];
  if (sw) parts.push(element("p", "dim", `switch: ${DATA.lanes[sw.from]} ${sw.text}`));
  box.replaceChildren(...parts, stack, links);
}

/** The state after step `i`. What this step changed is marked, and, weaker, what changed since step `before`. */
function showState(i, before) {
  const now = stateAfter(i);
  const last = i === START ? now : stateAfter(i - 1);
  const since = i === START ? now : stateAfter(Math.min(before, i - 1));
  const cards = [];
  for (const [name, what, lines] of orderedGroups()) {
    const used = lines.filter(([row]) => now[row] || last[row]);
    // A frame that is free, and was before, says nothing.
    if (used.every(([row, label]) => label === "frame" && now[row] === last[row])) continue;
    const card = element("section", "card");
    card.dataset.group = name;
    if (DATA.subjects.includes(name)) card.classList.add("subject");
    const head = element("h3", "", name);
    head.append(element("span", "dim", ` ${what}`));
    const table = element("table");
    for (const [row, label] of used) table.append(stateRow(label, now[row], last[row], since[row]));
    card.append(head, table);
    cards.push(card);
  }
  document.getElementById("state").replaceChildren(...cards);
}

/** What the finding is about comes first, then who runs. */
function orderedGroups() {
  const rank = ([name, what]) => (DATA.subjects.includes(name) ? 0 : what === "locks and context" ? 1 : 2);
  return DATA.groups.slice().sort((a, b) => rank(a) - rank(b));
}

function stateRow(label, now, last, since) {
  const line = element("tr");
  line.dataset.label = label;
  line.append(element("th", "", label));
  const cell = element("td");
  if (now !== last) line.classList.add("changed");
  else if (now !== since) line.classList.add("since");
  if (SETS[label]) cell.append(...setParts(now, last, SETS[label]));
  else {
    cell.append(element("span", "value", now || "-"));
    if (now !== last) cell.append(element("span", "was", last || "-"));
  }
  cell.dataset.value = now;
  line.append(cell);
  return line;
}

/** The members of a set: those that came in, and those that went. */
function setParts(now, last, by) {
  const split = (text) => (text ? text.split(by) : []);
  const [new_, old] = [split(now), split(last)];
  const parts = new_.map((m) => element("span", old.includes(m) ? "member" : "member added", m));
  parts.push(...old.filter((m) => !new_.includes(m)).map((m) => element("span", "member gone", m)));
  return parts.length ? parts : [element("span", "value", "-")];
}
