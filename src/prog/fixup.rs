//! What makes a program valid: the invariants, each stated once, with the check and the repair beside one another.

use super::preset;
use super::types::{EPILOGUE_OP, FolioPlace, MappingInit, Op, Program};
use crate::ops::{Arg, OpSpec, TABLE};
use crate::sched::{Anchor, MAX_RECORDS, Preempt};
use crate::vocab::*;
use std::collections::BTreeSet;

/// Page flags a folio may start with.
pub(super) const FOLIO_FLAGS: u64 =
    PG_LRU | PG_ACTIVE | PG_UNEVICTABLE | PG_SWAPBACKED | PG_REFERENCED | PG_DIRTY | PG_UPTODATE;
/// Flags an address_space may start with.
pub(super) const MAPPING_FLAGS: u64 = AS_UNEVICTABLE | AS_UNMOVABLE;
/// Callbacks an address_space may have.
pub(super) const AOPS: u64 = AOPS_MIGRATE_FOLIO | AOPS_FREE_FOLIO;

/// The row of an operation.
pub(super) fn spec(op: &Op) -> Option<&'static OpSpec> {
    TABLE.get(op.code as usize)
}

/// The arguments of an operation with their kinds; those of an unknown operation are none.
pub(super) fn args_of(op: &Op) -> impl Iterator<Item = (usize, Arg)> + use<> {
    let args = spec(op).map_or(&[][..], |s| s.args);
    args.iter().take(3).enumerate().map(|(i, (_, kind))| (i, *kind))
}

/// Where a record stands in its schedule. Also the priority where two fire at once: a site goes before `@n`.
fn order(p: &Preempt) -> (u8, u8, u8, u32, u16) {
    let (rank, site) = match p.anchor {
        Anchor::Site(hash) => (0, hash),
        Anchor::Nth => (1, 0),
        Anchor::Blocked => (2, 0),
        Anchor::End => (3, 0),
    };
    (p.cpu, p.op, rank, site, p.k)
}

/// Sorts records as programs keep them.
pub(super) fn sort_records(records: &mut [Preempt]) {
    records.sort_by_key(order);
}

impl Program {
    /// The first thing that keeps this program from being valid.
    pub fn validate(&self) -> Result<(), String> {
        let wrong = self.model_error();
        let wrong = wrong.or_else(|| (0..MAPPINGS).find_map(|i| self.mapping_error(i)));
        let wrong = wrong.or_else(|| (0..FOLIOS).find_map(|i| self.folio_error(i)));
        let wrong = wrong.or_else(|| self.cpus.iter().flatten().find_map(|op| self.op_error(op)));
        let wrong = wrong.or_else(|| {
            let cpu = self.cpus.iter().position(|ops| ops.len() > OPS_PER_CPU)?;
            Some(format!("cpu{cpu} has too many operations: expected at most {OPS_PER_CPU}"))
        });
        wrong.or_else(|| self.schedule_error()).map_or(Ok(()), Err)
    }

    /// Makes the program valid by the smallest repair: what cannot be is taken modulo or dropped.
    pub fn fix_up(&mut self) {
        self.model.bugs &= preset::applicable(self.model.kernel);
        for m in self.init.mappings.iter_mut().flatten() {
            m.flags &= MAPPING_FLAGS;
            m.aops &= AOPS;
        }
        self.fix_folios();
        self.fix_ops();
        self.fix_schedule();
    }

    fn model_error(&self) -> Option<String> {
        let wrong = self.model.bugs & !preset::applicable(self.model.kernel);
        (wrong != 0).then(|| {
            let id = wrong.trailing_zeros() as usize;
            let slug = crate::bugs::BUGS.get(id).map_or("?", |b| b.slug);
            format!("bug `{slug}` does not apply to {}", self.model.kernel.name())
        })
    }

    // ----- initial state -----

    pub(super) fn mapping(&self, i: u8) -> Option<MappingInit> {
        self.init.mappings.get(i as usize).copied().flatten()
    }

    fn mapping_error(&self, i: usize) -> Option<String> {
        let m = self.mapping(i as u8)?;
        (m.flags & !MAPPING_FLAGS != 0 || m.aops & !AOPS != 0)
            .then(|| format!("m{i} has flags or callbacks no file starts with"))
    }

    /// What is wrong with the folio in frame `i`.
    pub(super) fn folio_error(&self, i: usize) -> Option<String> {
        let f = self.init.folios.get(i).copied().flatten()?;
        if f.flags & !FOLIO_FLAGS != 0 {
            return Some(format!("F{i} has flags no folio starts with"));
        }
        match f.place {
            FolioPlace::Anon => {
                if f.flags & PG_SWAPBACKED == 0 {
                    return Some(format!("F{i} is anonymous: expected flags=swapbacked"));
                }
                if f.flags & PG_UNEVICTABLE != 0 {
                    return Some(format!("F{i} is anonymous: expected no flag unevictable"));
                }
            }
            FolioPlace::Cache { mapping, index } => {
                let Some(m) = self.mapping(mapping) else {
                    return Some(format!("F{i} is in m{mapping}, which is not defined: expected a mapping of `init`"));
                };
                if index as usize >= SLOTS {
                    return Some(format!("F{i} has index {index}: expected 0..{}", SLOTS - 1));
                }
                if let Some(j) = self.init.folios.iter().take(i).position(|g| g.is_some_and(|g| g.place == f.place)) {
                    let both = format!("F{j} and F{i} are both at m{mapping} index {index}");
                    return Some(format!("{both}: expected one folio a slot"));
                }
                if f.flags & PG_SWAPBACKED != 0 {
                    return Some(format!("F{i} is in a file: expected no flag swapbacked"));
                }
                if f.flags & PG_UNEVICTABLE != 0 {
                    if f.flags & PG_LRU == 0 || m.flags & AS_UNEVICTABLE == 0 {
                        return Some(format!("F{i} is unevictable: expected flag lru and an unevictable mapping"));
                    }
                    if f.flags & PG_ACTIVE != 0 {
                        return Some(format!("F{i} is unevictable: expected no flag active"));
                    }
                }
            }
        }
        None
    }

    fn fix_folios(&mut self) {
        for i in 0..FOLIOS {
            let Some(mut f) = self.init.folios[i] else { continue };
            f.flags &= FOLIO_FLAGS;
            match &mut f.place {
                FolioPlace::Anon => f.flags = f.flags & !PG_UNEVICTABLE | PG_SWAPBACKED,
                FolioPlace::Cache { mapping, index } => {
                    *mapping %= MAPPINGS as u8;
                    *index %= SLOTS as u8;
                    f.flags &= !PG_SWAPBACKED;
                    let unevictable = self.mapping(*mapping).is_some_and(|m| m.flags & AS_UNEVICTABLE != 0);
                    if f.flags & PG_LRU == 0 || !unevictable {
                        f.flags &= !PG_UNEVICTABLE;
                    } else if f.flags & PG_UNEVICTABLE != 0 {
                        f.flags &= !PG_ACTIVE;
                    }
                }
            }
            self.init.folios[i] = Some(f);
            if self.folio_error(i).is_some() {
                self.init.folios[i] = None;
            }
        }
    }

    // ----- operations -----

    /// What is wrong with an operation.
    pub(super) fn op_error(&self, op: &Op) -> Option<String> {
        let Some(spec) = spec(op) else { return Some(format!("no operation has number {}", op.code)) };
        let kernel = self.model.kernel;
        if !spec.kernels.contains(&kernel) {
            let has = spec.kernels.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ");
            return Some(format!("{} has no operation `{}`: expected {has}", kernel.name(), spec.name));
        }
        for (i, value) in op.args.into_iter().enumerate() {
            let values = spec.args.get(i).map_or(1, |(_, kind)| kind.values().max(1));
            if value >= values {
                return Some(format!("`{}` has an argument out of range: expected below {values}", spec.name));
            }
        }
        let missing = |(i, kind)| kind == Arg::Mapping && self.mapping(op.args[i]).is_none();
        args_of(op).find(|a| missing(*a)).map(|(i, _)| {
            format!("`{}` names m{}, which is not defined: expected a mapping of `init`", spec.name, op.args[i])
        })
    }

    fn fix_ops(&mut self) {
        let kernel = self.model.kernel;
        for cpu in 0..CPUS {
            let mut moved = Vec::new();
            let mut kept = 0;
            self.cpus[cpu].retain(|op| {
                let keep = kept < OPS_PER_CPU && spec(op).is_some_and(|s| s.kernels.contains(&kernel));
                moved.push(keep.then_some(kept as u8));
                kept += usize::from(keep);
                keep
            });
            let last = self.last_op(cpu);
            self.schedule.records.retain_mut(|p| {
                if p.cpu as usize != cpu || (cpu == 0 && p.op == EPILOGUE_OP) {
                    return true;
                }
                let to = if p.anchor == Anchor::End { Some(last) } else { moved.get(p.op as usize).copied().flatten() };
                p.op = to.unwrap_or(p.op);
                to.is_some()
            });
        }
        for i in 0..CPUS * OPS_PER_CPU {
            let (cpu, i) = (i / OPS_PER_CPU, i % OPS_PER_CPU);
            let Some(mut op) = self.cpus[cpu].get(i).copied() else { continue };
            let mut args = [0; 3];
            for (i, kind) in args_of(&op) {
                args[i] = op.args[i] % kind.values().max(1);
                if kind == Arg::Mapping && self.mapping(args[i]).is_none() {
                    args[i] = self.some_mapping();
                }
            }
            op.args = args;
            self.cpus[cpu][i] = op;
        }
    }

    /// The lowest defined mapping, defining one if there is none.
    fn some_mapping(&mut self) -> u8 {
        match self.init.mappings.iter().position(Option::is_some) {
            Some(i) => i as u8,
            None => {
                self.init.mappings[0] = Some(MappingInit { flags: 0, aops: AOPS_MIGRATE_FOLIO });
                0
            }
        }
    }

    // ----- schedule -----

    /// Whether a task can exist: a CPU that runs, or a service task.
    fn is_task(&self, task: u8) -> bool {
        let task = task as usize;
        task < self.nr_cpus() || (CPUS..TASKS).contains(&task)
    }

    /// What is wrong with one record, whatever the others are.
    pub(super) fn record_error(&self, p: &Preempt) -> Option<String> {
        let name = super::text::task_name(p.cpu);
        for task in [p.cpu, p.to] {
            if !self.is_task(task) {
                let last = self.nr_cpus() - 1;
                let task = super::text::task_name(task);
                return Some(format!("{task} does not run in this program: expected cpu0..cpu{last} or rcu"));
            }
        }
        if p.cpu == p.to {
            return Some(format!("{name} cannot take over from itself: expected another task after `then`"));
        }
        if p.k == 0 {
            return Some("occurrences count from 1: expected #1 or more".to_string());
        }
        let nr = self.cpus.get(p.cpu as usize).map_or(u8::MAX as usize, Vec::len);
        let at_end = p.anchor == Anchor::End && p.op == self.last_op(p.cpu as usize);
        let in_epilogue = p.cpu == 0 && p.op == EPILOGUE_OP;
        if p.op as usize >= nr && !at_end && !in_epilogue {
            let has = if nr == 0 { "no operation".to_string() } else { format!("op1..op{nr}") };
            return Some(format!("{name} has no op{}: expected {has}", p.op as usize + 1));
        }
        if p.anchor == Anchor::End && (p.cpu as usize) < CPUS && !at_end && !in_epilogue {
            return Some(format!(
                "{name} ends in op{}: expected no operation number",
                self.last_op(p.cpu as usize) + 1
            ));
        }
        None
    }

    fn schedule_error(&self) -> Option<String> {
        let s = &self.schedule;
        if s.start as usize >= self.nr_cpus() {
            return Some(format!("cpu{} cannot start: expected cpu0..cpu{}", s.start, self.nr_cpus() - 1));
        }
        if s.records.len() > MAX_RECORDS {
            return Some(format!("{} schedule records: expected at most {MAX_RECORDS}", s.records.len()));
        }
        let mut places = BTreeSet::new();
        for p in &s.records {
            if let Some(wrong) = self.record_error(p) {
                return Some(wrong);
            }
            if !places.insert(p.place()) {
                return Some(format!("two records at `{}`: expected one a place", super::text::record_text(self, p)));
            }
        }
        None
    }

    fn fix_schedule(&mut self) {
        if self.schedule.start as usize >= self.nr_cpus() {
            self.schedule.start = 0;
        }
        let mut records = std::mem::take(&mut self.schedule.records);
        let mut places = BTreeSet::new();
        records.retain(|p| self.record_error(p).is_none() && places.insert(p.place()));
        records.truncate(MAX_RECORDS);
        sort_records(&mut records);
        self.schedule.records = records;
    }
}
