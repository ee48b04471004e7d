// Goes through the page of `foliofuzz explain --html` as a reader does, in a real browser without network.
"use strict";

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const { CHROMIUM, FOLIOFUZZ, ROOT, SCREENSHOT } = process.env;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "foliofuzz-browser-"));

/** Explains a program of the corpus; its page, and its finding.json. */
function explain(program, name, ...flags) {
  const page = path.join(scratch, name);
  const file = path.join("corpus", program);
  const run = spawnSync(FOLIOFUZZ, ["explain", file, "--html", page, "--format", "json", ...flags], {
    cwd: ROOT,
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stderr, new RegExp(name), "the command says where the page is");
  const lines = run.stdout.trim().split("\n");
  assert.equal(lines.length, 1, "one JSON object on the standard output");
  const text = spawnSync(FOLIOFUZZ, ["explain", file, ...flags], { cwd: ROOT, encoding: "utf8" }).stdout;
  return { page, finding: JSON.parse(lines[0]), text };
}

/** A page in an empty browser. Whatever goes wrong in it, and every request it makes, is kept. */
async function open(browser, address) {
  const page = await browser.newPage();
  const seen = { requests: [], errors: [] };
  page.on("request", (r) => seen.requests.push(r.url()));
  page.on("console", (m) => { if (["error", "warning"].includes(m.type())) seen.errors.push(m.text()); });
  page.on("pageerror", (e) => seen.errors.push(e.message));
  await page.goto(address);
  return { page, seen };
}

const value = (page, group, label) =>
  page.locator(`[data-group="${group}"] tr[data-label="${label}"] td`).getAttribute("data-value");
const isChanged = (page, group, label) =>
  page.locator(`[data-group="${group}"] tr[data-label="${label}"].changed`).count();
const step = (page) => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("step"));
const holders = (refs) => Object.entries(refs).map(([who, n]) => `${who} ${n}`).sort().join(", ");
const sorted = (text) => text.split(", ").sort().join(", ");

/** The chosen row is there, and in sight. */
async function chosenInSight(page) {
  const row = await page.locator(".row.chosen").boundingBox();
  const view = await page.locator("#scroll").boundingBox();
  assert.ok(row && row.y >= view.y - 1 && row.y + row.height <= view.y + view.height + 1, "the chosen step is in sight");
}

async function throughTheFinding(browser) {
  const { page: file, finding, text } = explain("bugs/2018_isolate_lru_page_mapping.mm", "uaf.html", "--checks", "actual");
  const address = pathToFileURL(file).href;
  const { page, seen } = await open(browser, address);
  assert.equal(await page.title(), finding.title);
  assert.equal(await page.textContent("h1"), finding.title);
  const chips = await page.textContent("#chips");
  for (const part of ["simulated", finding.model, finding.signature, ...finding.bugs]) {
    assert.ok(chips.includes(part), `the header says ${part}`);
  }

  // It opens at the finding: the folio is as finding.json has it.
  const [other, culprit] = finding.accesses;
  assert.equal(await step(page), String(finding.seq));
  await chosenInSight(page);
  const folio = `F${finding.folio.pfn}`;
  const { after, before } = finding.folio;
  assert.equal(await value(page, folio, "refcount"), String(after.refcount));
  assert.equal(await value(page, folio, "flags"), after.flags);
  assert.equal(await value(page, folio, "mapping"), after.mapping);
  assert.equal(await value(page, "m0", "inode"), "freed");
  assert.equal(await value(page, "cpu0", "holds"), "lru_lock");
  // The violation is a load: who holds references is the same before and after.
  assert.equal(sorted(await value(page, folio, "held by")), holders(culprit.refs));
  assert.equal(await page.locator(".arrow.race").count(), 1, "an arrow between the two sides");
  assert.match(await page.textContent(".between"), /no lock/);

  // From the initial state, key by key, through exactly the steps of the diagram.
  await page.keyboard.press("Home");
  assert.equal(await step(page), "start");
  assert.equal(await value(page, folio, "refcount"), String(before.refcount));
  assert.equal(await value(page, folio, "flags"), before.flags);
  assert.equal(await value(page, folio, "held by"), "pagecache 1");
  assert.equal(await value(page, "m0", "inode"), "live");
  for (const event of finding.events) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await step(page), String(event.seq));
    await chosenInSight(page);
    const counts = /\[ref \d+->(\d+)\]/.exec(event.what);
    if (counts) {
      assert.equal(await value(page, folio, "refcount"), counts[1], event.what);
      assert.equal(await isChanged(page, folio, "refcount"), 1, "the change is marked");
      const held = (await value(page, folio, "held by")).split(", ").map((h) => Number(h.split(" ")[1]));
      assert.equal(held.reduce((a, b) => a + b, 0), Number(counts[1]), "the holders add up");
    }
  }
  assert.equal(await step(page), String(finding.seq));

  // The other side, and back; switches.
  await page.keyboard.press("o");
  assert.equal(await step(page), String(other.seq));
  assert.equal(await isChanged(page, "m0", "inode"), 1);
  if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT });
  await page.keyboard.press("k");
  await page.keyboard.press("j");
  assert.equal(await step(page), String(other.seq));
  await page.keyboard.press("f");
  assert.equal(await step(page), String(finding.seq));
  await page.keyboard.press("Shift+ArrowLeft");
  const begins = finding.events.filter((e, n, all) => n === 0 || all[n - 1].task !== e.task).map((e) => e.seq);
  assert.equal(await step(page), String(begins[begins.length - 2]));
  await page.keyboard.press("Shift+ArrowRight");
  assert.equal(await step(page), String(begins[begins.length - 1]));

  // All steps; a click on one; what is hidden before one.
  await page.keyboard.press("s");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await step(page), String(finding.seq - 1));
  const row = page.locator(`.row[data-step]:not(.chosen)`).last();
  const clicked = await row.locator(".number").textContent();
  await row.click();
  assert.equal(await step(page), clicked);
  await page.keyboard.press("s");
  const rows = await page.locator(".row[data-step]").count();
  assert.equal(rows, finding.events.length);
  const more = page.locator(".more").last();
  const hidden = Number((await more.textContent()).slice(1));
  await more.click();
  assert.equal(await page.locator(".row[data-step]").count(), rows + hidden);

  // The texts are those the command prints.
  await page.click('[data-tab="diagram"]');
  const diagram = await page.textContent("#diagram-text");
  assert.ok(text.includes(diagram.trimEnd()), "the diagram is the printed one");
  await page.click('[data-copy="diagram-text"]');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), diagram);
  await page.click('[data-tab="report"]');
  assert.ok(text.includes((await page.textContent("#report-text")).trimEnd()), "the report is the printed one");
  await page.click('[data-tab="program"]');
  const saved = path.join(scratch, "repro.mm");
  fs.writeFileSync(saved, await page.textContent("#repro-text"));
  const command = (await page.textContent("#commands-text")).split("\n")[0].split(" ");
  const replay = spawnSync(FOLIOFUZZ, command.slice(1), { cwd: scratch, encoding: "utf8" });
  assert.equal(replay.status, 0, `${command.join(" ")}: ${replay.stdout}${replay.stderr}`);
  assert.ok(replay.stdout.includes(finding.signature));

  // Dark where the reader wants it.
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  assert.notEqual(await background(), light);
  done(seen, [address]);

  // A link leads to a step, though it be none that matters.
  const linked = await open(browser, `${address}#step=${other.seq - 1}`);
  assert.equal(await step(linked.page), String(other.seq - 1));
  await chosenInSight(linked.page);
  done(linked.seen, [address]);
}

/** Four lanes, thousands of steps: only what is in sight is in the document, and stepping stays quick. */
async function throughALargeOne(browser) {
  const { page: small } = explain("checks/pins_fires.mm", "small.html");
  const large = path.join(scratch, "large.html");
  const [head, tail] = ['<script type="application/json" id="data">', "</script>"];
  const html = fs.readFileSync(small, "utf8");
  const from = html.indexOf(head) + head.length;
  const to = html.indexOf(tail, from);
  const data = JSON.parse(html.slice(from, to));
  assert.ok(data.lanes.length >= 4, "CPUs and service tasks");
  const once = data.steps;
  const rounds = Math.ceil(5000 / once.length);
  data.steps = Array.from({ length: rounds }, (_, r) => once.map((s) => ({ ...s, seq: s.seq + r * 10000 }))).flat();
  fs.writeFileSync(large, html.slice(0, from) + JSON.stringify(data).replaceAll("<", "\\u003c") + html.slice(to));
  const address = pathToFileURL(large).href;
  const { page, seen } = await open(browser, address);
  await page.keyboard.press("s");
  await page.keyboard.press("End");
  assert.equal(await step(page), String(data.steps[data.steps.length - 1].seq));
  await chosenInSight(page);
  assert.ok((await page.locator(".row").count()) < 250, "rows out of sight are not in the document");
  const begin = Date.now();
  for (let i = 0; i < 100; i++) await page.keyboard.press("ArrowLeft");
  const each = (Date.now() - begin) / 100;
  console.log(`${data.steps.length} steps, ${data.lanes.length} lanes: ${each} ms a step`);
  assert.ok(each < 200, `stepping takes ${each} ms`);
  done(seen, [address]);
}

/** Nothing was asked for but the file, and nothing went wrong. */
function done(seen, addresses) {
  assert.deepEqual(seen.errors, []);
  assert.deepEqual(seen.requests.map((r) => r.split("#")[0]), addresses);
}

async function main() {
  const browser = await chromium.launchPersistentContext(path.join(scratch, "profile"), {
    executablePath: CHROMIUM,
    offline: true,
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
  try {
    await throughTheFinding(browser);
    await throughALargeOne(browser);
  } finally {
    await browser.close();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
  console.log("browser test passed");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
