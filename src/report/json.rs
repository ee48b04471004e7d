//! `finding.json`, schema 1 (USERS 6): no floats, no dates, keys sorted.

use super::told::place;
use super::words::{describe, flag_names, mapping_name};
use super::{Report, TOOL};
use crate::machine::{Step, Why};
use crate::san::Stage;
use crate::vocab::*;
use serde_json::{Value, json};

impl Report<'_> {
    /// The finding for machines. What only a campaign knows (seed, strategy) is its
    /// to add; the revision of the source is known if `FOLIOFUZZ_COMMIT` was set when it was compiled.
    pub fn json(&self) -> Value {
        let culprit = self.index_of(self.finding.seq);
        let other = self.finding.other.and_then(|s| self.index_of(s));
        let setup = self.setup_end();
        let sides = [other, culprit].into_iter().flatten();
        let events = self.diagram_steps().into_iter().filter_map(|seq| self.index_of(seq));
        let model = &self.program.model;
        json!({
            "schema": 1,
            "tool": TOOL,
            "version": env!("CARGO_PKG_VERSION"),
            "commit": option_env!("FOLIOFUZZ_COMMIT"),
            "model": model.kernel.name(),
            "rcu_free": model.rcu_free,
            "irqoff_is_reader": model.irqoff_is_reader,
            "lru_batch_clear_first": model.lru_batch_clear_first,
            "bugs": self.bugs,
            "signature": self.signature(),
            "alt": self.alts(),
            "title": self.title(),
            "check": self.finding.check,
            "kind": self.finding.kind,
            "predictive": self.finding.stage == Stage::Predictive,
            "soft": self.finding.stage == Stage::Soft,
            "seq": self.finding.seq,
            "program": format!("{:?}", self.program),
            "switches": self.trace.switches.iter().map(|s| json!({
                "at": s.at,
                "why": why(s.why),
                "task": s.task,
                "op": s.op as u32 + 1,
                "nth": s.nth,
                "site": (s.why == Why::Point).then(|| s.site.to_string()),
                "k": s.k,
                "to": s.to,
            })).collect::<Vec<_>>(),
            "accesses": sides.map(|i| self.access_json(i)).collect::<Vec<_>>(),
            "folio": self.folio().map(|f| json!({
                "pfn": f,
                "before": self.folio_json(f, setup),
                "after": self.folio_json(f, culprit.map_or(self.trace.steps.len(), |i| i + 1)),
            })),
            "mapping": self.finding.mapping,
            "events": events.map(|i| self.event_json(&self.trace.steps[i])).collect::<Vec<_>>(),
        })
    }

    fn access_json(&self, index: usize) -> Value {
        let step = &self.trace.steps[index];
        let e = &step.event;
        let place = place(step);
        let refs = self.folio().map(|f| {
            let held = self.ledger_before(index).holders(f).into_iter();
            held.map(|(who, n)| (who, Value::from(n))).collect::<serde_json::Map<_, _>>()
        });
        let flags = self.folio().map(|f| flag_names(self.memory_before(index).folio(f, Field::Flags)));
        let stack = self
            .frames(index)
            .into_iter()
            .map(|(name, k, n, file)| json!({ "function": name, "point": k, "points": n, "file": file }));
        json!({
            "seq": e.seq,
            "cpu": e.cpu,
            "task": e.task,
            "op": self.op_line(e.task, e.op),
            "site": e.site.to_string(),
            "function": super::blame(self.finding.check, step),
            "file": place.file,
            "line": place.line,
            "what": describe(step).line(),
            "refs": refs,
            "flags": flags,
            "stack": stack.collect::<Vec<_>>(),
        })
    }

    fn folio_json(&self, folio: u8, before: usize) -> Value {
        let m = self.memory_before(before);
        json!({
            "refcount": m.folio(folio, Field::Refcount) as i64,
            "mapcount": m.folio(folio, Field::Mapcount) as i64,
            "mapping": mapping_name(m.folio(folio, Field::FolioMapping)),
            "index": m.folio(folio, Field::Index),
            "flags": flag_names(m.folio(folio, Field::Flags)),
            "ptes": m.ptes_of(folio).map(|(obj, pte)| format!("{obj} = {pte}")).collect::<Vec<_>>(),
        })
    }

    fn event_json(&self, step: &Step) -> Value {
        let e = &step.event;
        json!({
            "seq": e.seq,
            "cpu": e.cpu,
            "task": e.task,
            "op": self.op_line(e.task, e.op),
            "site": e.site.to_string(),
            "k": step.k,
            "what": describe(step).line(),
            "old": e.old,
            "new": e.new,
        })
    }
}

pub(super) fn why(why: Why) -> &'static str {
    match why {
        Why::Point => "point",
        Why::Blocked => "blocked",
        Why::End => "end",
        Why::Spin => "spin",
    }
}
