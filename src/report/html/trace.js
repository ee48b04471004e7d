"use strict";

// The recorded execution: states, activations of functions, and which rows a view of it has.

const DATA = JSON.parse(document.getElementById("data").textContent);
const STEPS = DATA.steps;
/** The position before the first step: the initial state. */
const START = -1;

/** Every this many steps a whole state is kept. */
const STRIDE = 32;

/** Values of the panel's lines after step `i`, by row number. */
const stateAfter = (() => {
  const kept = [DATA.start];
  const step = (state, i) => {
    for (const [row, value] of STEPS[i].set) state[row] = value;
  };
  return (i) => {
    const want = Math.floor((i + 1) / STRIDE);
    while (kept.length <= want) {
      const state = kept[kept.length - 1].slice();
      const first = (kept.length - 1) * STRIDE;
      for (let j = first; j < first + STRIDE; j++) step(state, j);
      kept.push(state);
    }
    const state = kept[want].slice();
    for (let j = want * STRIDE; j <= i; j++) step(state, j);
    return state;
  };
})();

/** What a step is called in links and in `--trace`. */
const nameOf = (i) => (i === START ? "start" : String(STEPS[i].seq));

const stepNamed = (() => {
  const bySeq = new Map(STEPS.map((s, i) => [String(s.seq), i]));
  bySeq.set("start", START);
  return (name) => bySeq.get(name);
})();

/**
 * The activation of an operation and of each function a step was made in, outermost first. Activations are shared by
 * the steps made in them.
 */
const CHAINS = (() => {
  const last = new Map();
  return STEPS.map((s) => {
    const old = last.get(s.lane);
    const [opName, opLine] = DATA.ops[s.op];
    const now = [];
    const same = old && old.op === s.op;
    now.push(same ? old.chain[0] : { lane: s.lane, name: opName, line: opLine, op: true });
    let open = same;
    DATA.stacks[s.stack].forEach((f, depth) => {
      const before = open && old.stack[depth] === f ? old.chain[depth + 1] : null;
      open = Boolean(before);
      const [name, file, leaf] = DATA.functions[f];
      now.push(before || { lane: s.lane, name, file, leaf });
    });
    last.set(s.lane, { op: s.op, chain: now, stack: DATA.stacks[s.stack] });
    return now;
  });
})();

/** The last step before `i` that changed the cell step `i` is about. */
function writerBefore(i) {
  for (let j = i - 1; j >= 0; j--) if (STEPS[j].obj === STEPS[i].obj && STEPS[j].wrote) return j;
  return null;
}

/** The next step after `i` that is about the same cell. */
function nextAbout(i) {
  for (let j = i + 1; j < STEPS.length; j++) {
    if (STEPS[j].obj === STEPS[i].obj && STEPS[j].kind !== "note") return j;
  }
  return null;
}

/** Context switches by the step they lead to. */
const SWITCHES = new Map(DATA.switches.map((s) => [s.at, s]));

/** The switch by which the task of step `a` gave way, if it was the last one before step `b`. */
function switchBetween(a, b) {
  for (let i = b; i > a; i--) {
    const found = SWITCHES.get(i);
    if (found) return found.from === STEPS[a].lane ? found : null;
  }
  return null;
}

const MATTERS = new Set(DATA.matters);

/**
 * The rows of a view that shows these steps: a row for each step, with headers for the functions in which shown steps
 * were made. A row is {step, lane, chain, depth} or {head, lane, chain, depth, again}.
 */
function rowsOf(shown) {
  const chains = shown.map((i) => {
    const whole = CHAINS[i].filter((a, d, all) => d === 0 || a.name !== all[d - 1].name || all[d - 1].op);
    return whole[whole.length - 1].leaf ? whole.slice(0, -1) : whole;
  });
  const direct = new Set(chains.map((c) => c[c.length - 1]));
  const rows = [];
  const open = new Map();
  let lastLane = null;
  shown.forEach((i, n) => {
    const lane = STEPS[i].lane;
    const chain = chains[n].filter((a, d) => d <= 1 || direct.has(a));
    const before = open.get(lane) || [];
    const first = rows.length;
    let common = 0;
    while (common < chain.length && chain[common] === before[common]) common++;
    if (common === chain.length && lastLane !== lane) {
      const head = chain[common - 1];
      rows.push({ head, lane, chain: chain.slice(0, common), depth: common - 1, again: true });
    }
    for (let d = common; d < chain.length; d++) {
      rows.push({ head: chain[d], lane, chain: chain.slice(0, d + 1), depth: d, again: false });
    }
    rows.push({ step: i, lane, chain, depth: chain.length, hidden: i - (n ? shown[n - 1] : START) - 1 });
    if (lastLane !== null && lastLane !== lane) {
      rows[first].turn = switchBetween(shown[n - 1], i);
    }
    open.set(lane, chain);
    lastLane = lane;
  });
  return rows;
}
