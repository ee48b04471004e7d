//! What makes a program valid: the invariants, each stated once, with the check and the repair beside one another.

use super::preset;
use super::types::{EPILOGUE_OP, Op, Program};
use crate::ops::{Arg, FolioInit, FolioPlace, MappingInit, OpSpec, SwapInit, TABLE, VmaInit, VmaKind};
use crate::sched::{Anchor, MAX_RECORDS, Preempt};
use crate::vocab::*;
use std::collections::BTreeSet;

/// Page flags a folio may start with.
pub(super) fn folio_flags(kernel: Kernel) -> u64 {
    let all = PG_LRU | PG_ACTIVE | PG_UNEVICTABLE | PG_SWAPBACKED | PG_REFERENCED | PG_DIRTY | PG_UPTODATE | PG_PRIVATE;
    let swapcache = if kernel == Kernel::V5_0 { PG_SWAPCACHE } else { 0 };
    all | swapcache | if kernel.has_nonlinear() { PG_MLOCKED } else { 0 }
}

/// Flags an address_space may start with.
pub(super) fn mapping_flags(kernel: Kernel) -> u64 {
    let new = if kernel.has_writeback() { AS_STABLE_WRITES | AS_RELEASE_ALWAYS } else { 0 };
    AS_UNEVICTABLE | AS_UNMOVABLE | new
}

/// Callbacks only a file that can write back has.
const NEED_WRITEBACK: u64 = AOPS_WRITEPAGE | AOPS_BUFFERS | AOPS_IOMAP | AOPS_LAUNDER;

/// The callbacks of tmpfs.
const SHMEM_AOPS: u64 = AOPS_SHMEM | AOPS_MIGRATE_FOLIO;

/// Callbacks an address_space may have.
pub(super) fn aops(kernel: Kernel) -> u64 {
    let new = AOPS_WRITEBACK | AOPS_WRITEPAGE | AOPS_BUFFERS | AOPS_IOMAP | AOPS_PAGE_MKWRITE | AOPS_LAUNDER;
    let shmem = if kernel >= Kernel::V6_12 { AOPS_SHMEM } else { 0 };
    AOPS_MIGRATE_FOLIO | AOPS_FREE_FOLIO | shmem | if kernel.has_writeback() { new } else { 0 }
}

/// The row of an operation.
pub(super) fn spec(op: &Op) -> Option<&'static OpSpec> {
    TABLE.get(op.code as usize)
}

/// The arguments of an operation with their kinds; those of an unknown operation are none.
pub(super) fn args_of(op: &Op) -> impl Iterator<Item = (usize, Arg)> + use<> {
    let args = spec(op).map_or(&[][..], |s| s.args);
    args.iter().take(3).enumerate().map(|(i, (_, kind))| (i, *kind))
}

/// What is wrong with the flags of a folio of a file.
fn file_flags_error(f: &FolioInit, m: &MappingInit) -> Option<&'static str> {
    if m.is_shmem() && f.flags & PG_SWAPCACHE != 0 {
        return Some("is in a file: expected no flag swapcache");
    }
    if !m.is_shmem() && f.flags & (PG_SWAPBACKED | PG_SWAPCACHE) != 0 {
        return Some("is in a file: expected no flag swapbacked or swapcache");
    }
    if f.flags & PG_PRIVATE != 0 && m.aops & (AOPS_BUFFERS | AOPS_IOMAP) == 0 {
        return Some("has private data: expected a mapping with aops buffers or iomap");
    }
    if f.flags & PG_UNEVICTABLE == 0 {
        return None;
    }
    if f.flags & PG_LRU == 0 || m.flags & AS_UNEVICTABLE == 0 {
        return Some("is unevictable: expected flag lru and an unevictable mapping");
    }
    (f.flags & PG_ACTIVE != 0).then_some("is unevictable: expected no flag active")
}

fn fix_file_flags(flags: &mut u64, m: &MappingInit) {
    *flags &= !(PG_SWAPBACKED | PG_SWAPCACHE);
    if m.is_shmem() {
        *flags |= PG_SWAPBACKED;
    }
    if m.aops & (AOPS_BUFFERS | AOPS_IOMAP) == 0 {
        *flags &= !PG_PRIVATE;
    }
    if *flags & PG_LRU == 0 || m.flags & AS_UNEVICTABLE == 0 {
        *flags &= !PG_UNEVICTABLE;
    } else if *flags & PG_UNEVICTABLE != 0 {
        *flags &= !PG_ACTIVE;
    }
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
        let wrong = wrong.or_else(|| self.process_error());
        let wrong = wrong.or_else(|| (0..VMAS).find_map(|i| self.vma_error(i)));
        let wrong = wrong.or_else(|| (0..FOLIOS).find_map(|i| self.folio_error(i)));
        let wrong = wrong.or_else(|| (0..SLOTS).find_map(|i| self.swap_error(i)));
        let wrong = wrong.or_else(|| self.cpus.iter().flatten().find_map(|op| self.op_error(op)));
        let wrong = wrong.or_else(|| {
            let cpu = self.cpus.iter().position(|ops| ops.len() > OPS_PER_CPU)?;
            Some(format!("cpu{cpu} has too many operations: expected at most {OPS_PER_CPU}"))
        });
        wrong.or_else(|| self.schedule_error()).map_or(Ok(()), Err)
    }

    /// Makes the program valid by the smallest repair: what cannot be is taken modulo or dropped.
    pub fn fix_up(&mut self) {
        let kernel = self.model.kernel;
        self.model.bugs = self.model.bugs & preset::applicable(kernel);
        self.model.lru_batch_clear_first &= kernel >= Kernel::V6_12;
        for m in self.init.mappings.iter_mut().flatten() {
            m.flags &= mapping_flags(kernel);
            m.aops &= aops(kernel);
            if m.is_shmem() {
                m.aops = SHMEM_AOPS;
                m.flags &= AS_UNEVICTABLE;
            }
            if m.aops & AOPS_WRITEBACK == 0 {
                m.aops &= !NEED_WRITEBACK;
            }
            if m.aops & AOPS_BUFFERS != 0 {
                m.aops &= !AOPS_IOMAP;
            }
            m.size = if kernel.has_processes() { m.size.clamp(1, SLOTS as u8) } else { SLOTS as u8 };
        }
        self.fix_processes();
        self.fix_folios();
        self.fix_swaps();
        self.fix_ops();
        self.fix_schedule();
    }

    fn model_error(&self) -> Option<String> {
        let wrong = self.model.bugs - preset::applicable(self.model.kernel);
        if self.model.lru_batch_clear_first && self.model.kernel < Kernel::V6_12 {
            let has = Kernel::V6_12.name();
            return Some(format!("`lru_batch_clear_first` is not for {}: expected {has}", self.model.kernel.name()));
        }
        wrong.iter().next().map(|id| {
            let slug = crate::bugs::BUGS.get(id.0 as usize).map_or("?", |b| b.slug);
            format!("bug `{slug}` does not apply to {}", self.model.kernel.name())
        })
    }

    // ----- initial state -----

    pub(super) fn mapping(&self, i: u8) -> Option<MappingInit> {
        self.init.mapping(i)
    }

    /// What is wrong with a file.
    pub(super) fn mapping_error(&self, i: usize) -> Option<String> {
        let (m, kernel) = (self.mapping(i as u8)?, self.model.kernel);
        if m.flags & !mapping_flags(kernel) != 0 || m.aops & !aops(kernel) != 0 {
            return Some(format!("m{i} has flags or callbacks: expected those a file of {} can have", kernel.name()));
        }
        if m.is_shmem() && (m.aops != SHMEM_AOPS || m.flags & !AS_UNEVICTABLE != 0) {
            return Some(format!("m{i} is of tmpfs: expected aops=migrate_folio|shmem, and no flag but unevictable"));
        }
        if m.aops & NEED_WRITEBACK != 0 && m.aops & AOPS_WRITEBACK == 0 {
            return Some(format!("m{i} has callbacks of a device's file: expected aops writepages, too"));
        }
        if m.aops & AOPS_BUFFERS != 0 && m.aops & AOPS_IOMAP != 0 {
            return Some(format!("m{i} has two kinds of private data: expected buffers or iomap"));
        }
        let sizes = if kernel.has_processes() { 1..=SLOTS as u8 } else { SLOTS as u8..=SLOTS as u8 };
        (!sizes.contains(&m.size))
            .then(|| format!("m{i} has size {}: expected {}..{}", m.size, sizes.start(), sizes.end()))
    }

    pub(super) fn process_error(&self) -> Option<String> {
        let idle = self.init.idle;
        if idle != 0 && !self.model.kernel.has_processes() {
            return Some(format!("p1 is alive: expected only p0 on {}", self.model.kernel.name()));
        }
        let wrong = (0..u8::BITS as usize)
            .find(|mm| idle >> mm & 1 != 0 && (*mm == 0 || *mm >= MMS || self.init.vmas_of(*mm).next().is_some()))?;
        Some(format!("p{wrong} is alive anyway: expected `process()` only for another one without VMAs"))
    }

    /// What is wrong with a VMA.
    pub(super) fn vma_error(&self, i: usize) -> Option<String> {
        let v = self.init.vmas.get(i).copied().flatten()?;
        if v.start >= v.end || v.end as usize > VADDRS {
            return Some(format!("v{i} is {}..{}: expected pages within 0..{VADDRS}", v.start, v.end));
        }
        if let Some(file) = v.kind.file().filter(|m| self.mapping(*m).is_none()) {
            return Some(format!("v{i} maps m{file}, which is not defined: expected a mapping of `init`"));
        }
        if !self.model.kernel.has_processes() && (v.kind != VmaKind::Anon || v.read_only || v.locked) {
            return Some(format!("v{i} is special: expected a plain `anon` VMA on {}", self.model.kernel.name()));
        }
        if matches!(v.kind, VmaKind::Nonlinear(_)) && !self.model.kernel.has_nonlinear() {
            return Some(format!("v{i} is nonlinear: expected `shared` on {}", self.model.kernel.name()));
        }
        let other = |(j, w): &(usize, VmaInit)| *j < i && w.start < v.end && v.start < w.end;
        let (j, _) = self.init.vmas_of(i / VMAS_PER_MM).find(other)?;
        Some(format!("v{j} and v{i} overlap: expected one VMA an address"))
    }

    /// What is wrong with the page-table entries that map the folio in frame `i`.
    fn user_error(&self, i: usize, f: &FolioInit) -> Option<String> {
        for (mm, addr) in f.users() {
            let at = format!("p{mm} page {addr}");
            let Some((v, vma)) = self.init.vma_at(mm, addr) else {
                return Some(format!("F{i} is mapped at {at}: expected a VMA there"));
            };
            let fits = match f.place {
                FolioPlace::Anon { .. } => vma.kind.private(),
                FolioPlace::Cache { mapping, .. } => vma.kind.file() == Some(mapping),
            };
            if !fits || !vma.takes_pages(self.model.kernel) {
                return Some(format!(
                    "F{i} is mapped at {at}, where v{v} is: expected a VMA that can map it, not locked"
                ));
            }
            if let Some(j) = self.init.folio_at(mm, addr).filter(|j| *j < i) {
                return Some(format!("F{j} and F{i} are both at {at}: expected one folio an address"));
            }
        }
        None
    }

    /// What is wrong with the folio in frame `i`.
    pub(super) fn folio_error(&self, i: usize) -> Option<String> {
        let f = self.init.folios.get(i).copied().flatten()?;
        if f.flags & !folio_flags(self.model.kernel) != 0 {
            return Some(format!("F{i} has flags no folio starts with"));
        }
        match f.place {
            FolioPlace::Anon { mm, addr } => {
                if f.flags & PG_SWAPBACKED == 0 {
                    return Some(format!("F{i} is anonymous: expected flags=swapbacked"));
                }
                if f.flags & (PG_UNEVICTABLE | PG_PRIVATE) != 0 {
                    return Some(format!("F{i} is anonymous: expected no flag unevictable or private"));
                }
                if f.flags & PG_SWAPCACHE != 0 && !self.init.slot_free(i) {
                    return Some(format!("F{i} is in the swap cache: expected F0..F{}, and s{i} free", SLOTS - 1));
                }
                if mm as usize >= MMS || addr as usize >= VADDRS || f.maps != 0 {
                    return Some(format!("F{i} is at p{mm} page {addr}: expected a page of a process, and no maps"));
                }
            }
            FolioPlace::Cache { mapping, index } => {
                let Some(m) = self.mapping(mapping) else {
                    return Some(format!("F{i} is in m{mapping}, which is not defined: expected a mapping of `init`"));
                };
                if index >= m.size {
                    return Some(format!("F{i} has index {index}: expected 0..{}", m.size - 1));
                }
                if let Some(j) = self.init.folios.iter().take(i).position(|g| g.is_some_and(|g| g.place == f.place)) {
                    let both = format!("F{j} and F{i} are both at m{mapping} index {index}");
                    return Some(format!("{both}: expected one folio a slot"));
                }
                if let Some(wrong) = file_flags_error(&f, &m) {
                    return Some(format!("F{i} {wrong}"));
                }
                if f.maps >> MMS != 0 {
                    return Some(format!("F{i} is mapped by no process of the model: expected p0..p{}", MMS - 1));
                }
            }
        }
        if f.flags & PG_MLOCKED != 0 && !self.init.mlocked(&f) {
            return Some(format!("F{i} is mlocked: expected a locked VMA that maps it"));
        }
        if f.flags & PG_MLOCKED != 0 && f.flags & PG_ACTIVE != 0 {
            return Some(format!("F{i} is mlocked: expected no flag active"));
        }
        self.user_error(i, &f)
    }

    /// What is wrong with what swap slot `i` holds.
    pub(super) fn swap_error(&self, i: usize) -> Option<String> {
        let s = self.init.swaps.get(i).copied().flatten()?;
        if !self.model.kernel.has_writeback() {
            return Some(format!("s{i} is swapped out: expected no swap on {}", self.model.kernel.name()));
        }
        let cached = self.init.folios[i].is_some_and(|f| f.flags & PG_SWAPCACHE != 0);
        let (mm, addr) = match s {
            SwapInit::Page { mm, addr } => (mm as usize, addr as usize),
            SwapInit::File { mapping, index } => {
                let file = self.mapping(mapping).filter(|m| m.is_shmem() && index < m.size);
                let here = |f: &FolioInit| f.place == FolioPlace::Cache { mapping, index };
                let taken = cached || self.init.folios.iter().flatten().any(here);
                let wrong = file.is_none() || taken || self.init.file_slot_at(mapping, index) != Some(i);
                return wrong.then(|| format!("s{i} is at m{mapping} index {index}: expected a free page of tmpfs"));
            }
        };
        let vma = self.init.vma_at(mm, addr).filter(|(_, v)| mm < MMS && v.kind.private() && !v.locked);
        let taken = cached || self.init.folio_at(mm, addr).is_some() || self.init.slot_at(mm, addr) != Some(i);
        (vma.is_none() || taken)
            .then(|| format!("s{i} is at p{mm} page {addr}: expected a free page of a private VMA, not locked"))
    }

    fn fix_processes(&mut self) {
        let rich = self.model.kernel.has_processes();
        for i in 0..VMAS {
            let Some(mut v) = self.init.vmas[i] else { continue };
            v.start %= VADDRS as u8;
            v.end = v.end.clamp(v.start + 1, VADDRS as u8);
            if !rich {
                v = VmaInit { kind: VmaKind::Anon, read_only: false, locked: false, ..v };
            }
            if let (VmaKind::Nonlinear(m), false) = (v.kind, self.model.kernel.has_nonlinear()) {
                v.kind = VmaKind::Shared(m);
            }
            self.init.vmas[i] = Some(v);
            if self.vma_error(i).is_some() {
                self.init.vmas[i] = None;
            }
        }
        let idle = (1..MMS).filter(|mm| self.init.vmas_of(*mm).next().is_none()).fold(0, |set, mm| set | 1 << mm);
        self.init.idle &= if rich { idle } else { 0 };
    }

    fn fix_folios(&mut self) {
        let before = std::mem::take(&mut self.init.folios);
        for (i, f) in before.into_iter().enumerate() {
            let Some(mut f) = f else { continue };
            f.flags &= folio_flags(self.model.kernel);
            match &mut f.place {
                FolioPlace::Anon { mm, addr } => {
                    f.flags = f.flags & !(PG_UNEVICTABLE | PG_PRIVATE) | PG_SWAPBACKED;
                    if !self.init.slot_free(i) {
                        f.flags &= !PG_SWAPCACHE;
                    }
                    f.maps = 0;
                    *mm %= MMS as u8;
                    *addr %= VADDRS as u8;
                    if !self.unlock_at(*mm as usize, *addr as usize) {
                        continue;
                    }
                }
                FolioPlace::Cache { mapping, index } => {
                    *mapping %= MAPPINGS as u8;
                    *index %= SLOTS as u8;
                    let Some(m) = self.init.mapping(*mapping) else { continue };
                    fix_file_flags(&mut f.flags, &m);
                    let kernel = self.model.kernel;
                    let fits = |mm: &usize| self.init.takes_file(*mm, *mapping, *index as usize, kernel);
                    f.maps &= (0..MMS).filter(fits).fold(0, |set, mm| set | 1 << mm);
                }
            }
            if !self.init.mlocked(&f) {
                f.flags &= !PG_MLOCKED;
            } else if f.flags & PG_MLOCKED != 0 {
                f.flags &= !PG_ACTIVE;
            }
            self.init.folios[i] = Some(f);
            if self.folio_error(i).is_some() {
                self.init.folios[i] = None;
            }
        }
    }

    /// Whether there is a VMA at the place. What has pages is not locked, except on v3.13.
    fn unlock_at(&mut self, mm: usize, addr: usize) -> bool {
        let found = self.init.vma_at(mm, addr).map(|(i, _)| i);
        if let Some(vma) = found.and_then(|i| self.init.vmas[i].as_mut()) {
            vma.locked &= self.model.kernel.has_nonlinear();
        }
        found.is_some()
    }

    fn fix_swaps(&mut self) {
        let before = std::mem::take(&mut self.init.swaps);
        for (i, s) in before.into_iter().enumerate() {
            let Some(mut s) = s else { continue };
            match &mut s {
                SwapInit::Page { mm, addr } => {
                    *mm %= MMS as u8;
                    *addr %= VADDRS as u8;
                }
                SwapInit::File { mapping, index } => {
                    *mapping %= MAPPINGS as u8;
                    *index %= SLOTS as u8;
                }
            }
            self.init.swaps[i] = Some(s);
            if self.swap_error(i).is_some() {
                self.init.swaps[i] = None;
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
                self.init.mappings[0] = Some(MappingInit { aops: AOPS_MIGRATE_FOLIO, ..MappingInit::default() });
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
                let (task, services) = (super::text::task_name(task), super::text::SERVICES);
                return Some(format!("{task} does not run in this program: expected cpu0..cpu{last}, {services}"));
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
