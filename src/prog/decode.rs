//! From any bytes to a valid program.
//!
//! A fixed header, zero-extended, then fixed-width records, so that erasing, copying and crossing over of records keeps
//! the meaning of all others. A tail shorter than a record is ignored.
//!
//! | header byte | meaning |
//! |---|---|
//! | 0 | CPUs: `b & 7` chooses from 2 2 2 3 3 3 1 4 |
//! | 1 | start CPU: below 128 cpu0, else `b` modulo CPUs |
//! | 2 | hot mapping `b & 3` mod 3, hot folio `b >> 2 & 7` mod 6, hot index `b >> 5` mod 4 |
//! | 3, 4 | swarm: 0 = every kind of operation; even: a few, of 2..=5 roles, chosen by a hash; odd: a duel |
//! | 5..8 | mappings |
//! | 8..11 | file systems of the mappings (v6.12) |
//! | 11..17 | VMAs, three of each process (v6.12) |
//! | 17 | process 1: exists from 0x80 (v6.12) |
//! | 18..22 | swap slots (v6.12) |
//! | 22..38 | folios, two bytes each: place and flags |
//!
//! *Mapping*: `0x80` it exists (the hot one always does); `b & 3 == 3` no migrate_folio; `0x04` free_folio; the three
//! bits above: 4 and 5 unevictable, 6 also unmovable, 7 both or, with `0x40`, unmovable alone. *File system*: the low
//! three bits: 0 none (ramfs), 1 and 2 tmpfs (before v6.12 none), 3 a block device's, 4 one with buffers, 5 one with
//! iomap, 6 a network's, 7 one with buffers and stable pages; size 4 unless the next two bits are 3, then 1 to 4 by the
//! two above.
//!
//! *VMA*: from where the one before ended. `b & 3`: 0 none but a hole of one page, 3 read-only, or with `0x80` locked;
//! length from 1 by the next two bits; the three above: 0 to 2 anonymous, 3 and 4 shared and 5 private of the hot
//! mapping, 6 shared and 7 private of another. On v3.13 4 is nonlinear, and `0x80` locks any VMA.
//!
//! *Folio place*: `b >> 6`: 0 none, 1 and 2 in the cache, 3 anonymous. In the cache `b & 3`: 0 and 1 the hot mapping,
//! else mapping `b >> 4 & 3` mod 3 if it exists; index `b >> 2 & 3` or the next free one. The hot folio is at the hot
//! mapping's hot index whatever its place byte says. Anonymous: process `b >> 5 & 1`, virtual page `b & 3` or the next
//! where one can be. *Flags*: low three bits 7 not on the LRU, 5 and 6 private data; the next two are the processes
//! that map it; `0x20` dirty, `0x40` active, `0x80` referenced. A page of tmpfs is dirty unless the low three bits are
//! 0; the hot one is swapped out at 6, and a hole at 7. With `0x20`, 7 is a hole in any file from v5.0 on. On v3.13
//! what a locked VMA maps is mlocked unless the low three bits are 4 or 5. At most 6 folios: two frames are free.
//!
//! *Swap slot*: from 0xC0, place as an anonymous folio's; with `0x10` that of a tmpfs file's page at index `b & 3` or
//! the next free one, if there is such a file.
//!
//! *Duel*: each CPU has one to three kinds of its own, which it goes through once: an odd CPU takes the hot object away
//! and, most of the time, brings another one in (at another index, so that a frame comes back where it does not
//! belong); an even one does anything. Most races of a lifetime have this shape, and few points to look through.
//!
//! *Operation*: a record whose first byte is below 0xA0: CPU (mod CPUs), kind (mod the swarm's), and two bytes `x` and
//! `y`: the first argument is `x & 31`, the second `y & 31`, the third the high bits of both. The low three bits
//! of an argument choose the hot object or, at 7, another one (`>> 3` further on), and process 0 below 5 (if process 1
//! does not exist, below 7); counts are 1
//! below 4; modes and other counts are `>> 2`. The hot virtual page is that of the hot index.
//!
//! *Schedule record*: the first byte is `0xA0 + c`: CPU `c` mod CPUs, operation `c / CPUs` mod its operations. Then
//! *n*, *anchor* and *to*. Anchor: below 0xE0 `@n`, else `blocked` (#1, #2), or with `0x10` `end`. The *n* of `@n`
//! counts from 0 here: below 128 `n & 31`, below 192 `n & 63`, else 64 to 255 with the anchor's high bits. To: from
//! 0xD0 a service task (before v6.12: from 0xE0 the RCU task), else another CPU. In v6.12, *c* from 80 is a service
//! task instead of a CPU: `c & 7` which, `c >> 3 & 1` its first or second piece of work.

use super::types::{Op, Program};
use super::{File, ParseError, text};
use crate::ops::{Arg, FolioInit, FolioPlace, MappingInit, Role, SwapInit, TABLE, VmaInit, VmaKind};
use crate::sched::{Anchor, MAX_RECORDS, Preempt, Schedule};
use crate::vocab::*;
use arbitrary::{Arbitrary, Unstructured};
use std::sync::OnceLock;

/// Changes whenever the same bytes decode to another program. New operations change it for the better part of inputs,
/// too: what is to last is stored as text.
pub const DECODE_VERSION: u32 = 6;
/// Bytes before the records.
pub const HEADER: usize = 38;
/// Bytes of a record.
pub const RECORD: usize = 4;

/// First byte of the first kind of schedule record.
const SCHEDULE: u8 = 0xA0;
/// Initial folios: two frames stay free.
const FOLIOS_DECODED: usize = FOLIOS - 2;

struct Hot {
    mapping: u8,
    folio: u8,
    index: u8,
    /// The low bits of an argument from which on it is process 1: rarely if only a fork can bring it to life.
    process_1: u8,
}

/// The program these bytes stand for, under `model`. Every byte string has one, and it is valid.
pub fn decode(data: &[u8], model: Model) -> Program {
    let mut header = [0; HEADER];
    for (to, from) in header.iter_mut().zip(data) {
        *to = *from;
    }
    let [cpus, start, hot, swarm @ ..] = header;
    let nr_cpus = [2, 2, 2, 3, 3, 3, 1, 4][cpus as usize & 7];
    let hot = Hot {
        mapping: (hot & 3) % MAPPINGS as u8,
        folio: (hot >> 2 & 7) % FOLIOS_DECODED as u8,
        index: (hot >> 5) % SLOTS as u8,
        process_1: if header[17] < 0x80 { 7 } else { 5 },
    };
    let swarm = Swarm::new(u16::from_le_bytes([swarm[0], swarm[1]]), model.kernel);
    let mut p = Program::new(model);
    decode_mappings(&mut p, &header[5..8], &header[8..11], &hot);
    decode_processes(&mut p, &header[11..17], header[17], &hot);
    decode_folios(&mut p, &header[22..], &hot);
    decode_swaps(&mut p, &header[18..22], &hot);
    let mut preemptions = Vec::new();
    for record in data.get(HEADER..).unwrap_or_default().chunks_exact(RECORD) {
        let &[b, kind, x, y] = record else { continue };
        if b >= SCHEDULE {
            preemptions.push([b - SCHEDULE, kind, x, y]);
            continue;
        }
        let cpu = b as usize % nr_cpus;
        if p.cpus[cpu].len() < OPS_PER_CPU
            && let Some(code) = swarm.kind(cpu, p.cpus[cpu].len(), kind)
        {
            let mut op = operation(code, [x, y], &hot);
            swarm.bring_elsewhere(&mut op, &hot);
            p.cpus[cpu].push(op);
        }
    }
    let nr_cpus = p.nr_cpus();
    p.schedule.start = if start < 128 { 0 } else { start % nr_cpus as u8 };
    // More than a schedule holds, as some will turn out to be at one place.
    for record in preemptions.into_iter().take(2 * MAX_RECORDS) {
        let record = preemption(&p, record, nr_cpus as u8);
        p.schedule.records.push(record);
    }
    p.fix_up();
    p
}

/// splitmix64.
fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ *state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// The operations a program may use.
enum Swarm {
    /// The same on every CPU.
    Shared(Vec<u8>),
    /// In turn, those of each CPU; whether folios are brought in elsewhere.
    Duel([Vec<u8>; CPUS], bool),
}

impl Swarm {
    fn new(swarm: u16, kernel: Kernel) -> Swarm {
        let has = |(_, spec): &(usize, &crate::ops::OpSpec)| spec.kernels.contains(&kernel);
        let kinds: Vec<u8> = TABLE.iter().enumerate().filter(has).map(|(i, _)| i as u8).collect();
        match swarm {
            0 => Swarm::Shared(kinds),
            _ if swarm & 1 == 0 => Swarm::Shared(few(kinds, u64::from(swarm))),
            _ => duel(&kinds, u64::from(swarm)),
        }
    }

    /// The `n`-th operation of a CPU, by a byte of the input.
    fn kind(&self, cpu: usize, n: usize, byte: u8) -> Option<u8> {
        match self {
            Swarm::Shared(kinds) => kinds.get(byte as usize % kinds.len().max(1)).copied(),
            Swarm::Duel(kinds, _) => kinds[cpu].get(n).copied(),
        }
    }

    fn bring_elsewhere(&self, op: &mut Op, hot: &Hot) {
        let Some(spec) = TABLE.get(op.code as usize).filter(|s| s.role == Role::Add) else { return };
        if let Swarm::Duel(_, true) = self {
            for (arg, (_, kind)) in op.args.iter_mut().zip(spec.args) {
                if matches!(kind, Arg::Index | Arg::Addr) && *arg == hot.index {
                    *arg = (hot.index + 1) % kind.values();
                }
            }
        }
    }
}

/// See the module's description.
fn duel(kinds: &[u8], mut state: u64) -> Swarm {
    use Role::{Add, Remove};
    let elsewhere = mix(&mut state) & 1 != 0;
    let of_cpu = |cpu: usize| {
        let roles: &[Option<Role>] = match (cpu & 1, mix(&mut state) & 3) {
            (0, 0) => &[None, None],
            (0, _) => &[None],
            (_, 0) => &[Some(Remove)],
            (_, 1) => &[Some(Remove), Some(Remove)],
            (_, 2) => &[Some(Remove), Some(Add)],
            _ => &[Some(Remove), Some(Add), None],
        };
        roles.iter().filter_map(|role| any(kinds, *role, &mut state)).collect()
    };
    Swarm::Duel(std::array::from_fn(of_cpu), elsewhere)
}

/// Any of these kinds, or of those of the role.
fn any(kinds: &[u8], role: Option<Role>, state: &mut u64) -> Option<u8> {
    let fits = || kinds.iter().filter(|k| role.is_none_or(|r| TABLE[**k as usize].role == r));
    fits().nth(mix(state) as usize % fits().count().max(1)).copied()
}

/// One operation of each of 2..=5 roles, now and then two: programs that do different things to one object.
fn few(kinds: Vec<u8>, mut state: u64) -> Vec<u8> {
    let mut roles = Role::ALL.to_vec();
    let wanted = 2 + (mix(&mut state) % 4) as usize;
    while roles.len() > wanted {
        let i = mix(&mut state) as usize % roles.len();
        roles.swap_remove(i);
    }
    let mut chosen = Vec::new();
    for role in roles {
        let of_role: Vec<u8> = kinds.iter().copied().filter(|k| TABLE[*k as usize].role == role).collect();
        for _ in 0..1 + mix(&mut state).is_multiple_of(4) as usize {
            let Some(kind) = of_role.get(mix(&mut state) as usize % of_role.len().max(1)) else { continue };
            if !chosen.contains(kind) {
                chosen.push(*kind);
            }
        }
    }
    chosen
}

fn decode_mappings(p: &mut Program, bytes: &[u8], systems: &[u8], hot: &Hot) {
    for (i, (m, (b, system))) in p.init.mappings.iter_mut().zip(bytes.iter().zip(systems)).enumerate() {
        if i != hot.mapping as usize && b & 0x80 == 0 {
            continue;
        }
        let migrate = if b & 3 == 3 { 0 } else { AOPS_MIGRATE_FOLIO };
        let free = if b & 4 != 0 { AOPS_FREE_FOLIO } else { 0 };
        let flags = match b >> 3 & 7 {
            0..4 => 0,
            4 | 5 => AS_UNEVICTABLE,
            7 if b & 0x40 != 0 => AS_UNMOVABLE,
            _ => AS_UNEVICTABLE | AS_UNMOVABLE,
        };
        *m = Some(MappingInit { flags, aops: migrate | free, ..MappingInit::default() });
        if let Some(m) = m.as_mut().filter(|_| p.model.kernel.has_writeback()) {
            file_system(m, *system, p.model.kernel);
        }
    }
}

fn file_system(m: &mut MappingInit, b: u8, kernel: Kernel) {
    let (aops, flags) = match b & 7 {
        1 | 2 if kernel >= Kernel::V6_12 => (AOPS_SHMEM, 0),
        0..3 => (0, 0),
        3 => (AOPS_WRITEBACK | AOPS_WRITEPAGE | AOPS_BUFFERS, 0),
        4 => (AOPS_WRITEBACK | AOPS_BUFFERS | AOPS_PAGE_MKWRITE, 0),
        5 => (AOPS_WRITEBACK | AOPS_IOMAP | AOPS_PAGE_MKWRITE, 0),
        6 => (AOPS_WRITEBACK | AOPS_LAUNDER, AS_RELEASE_ALWAYS),
        _ => (AOPS_WRITEBACK | AOPS_BUFFERS | AOPS_PAGE_MKWRITE, AS_STABLE_WRITES),
    };
    m.aops |= aops;
    m.flags |= flags;
    if b >> 3 & 3 == 3 {
        m.size = 1 + (b >> 5 & 3);
    }
}

fn decode_processes(p: &mut Program, bytes: &[u8], second: u8, hot: &Hot) {
    if !p.model.kernel.has_processes() {
        // Something for anonymous folios to be in.
        let (kind, end) = (VmaKind::Anon, VADDRS as u8);
        p.init.vmas[0] = Some(VmaInit { start: 0, end, kind, read_only: false, locked: false });
        return;
    }
    for (mm, bytes) in bytes.chunks_exact(VMAS_PER_MM).enumerate() {
        if mm > 0 && second < 0x80 {
            continue;
        }
        let mut start = 0;
        for (i, b) in bytes.iter().enumerate() {
            let end = (start + 1 + (b >> 2 & 3)).min(VADDRS as u8);
            if b & 3 == 0 {
                start += 1;
            } else if start < end {
                p.init.vmas[mm * VMAS_PER_MM + i] = Some(vma(p, start..end, *b, hot));
                start = end;
            }
        }
        let empty = p.init.vmas_of(mm).next().is_none();
        p.init.idle |= u8::from(mm > 0 && empty) << mm;
    }
}

fn vma(p: &Program, pages: std::ops::Range<u8>, b: u8, hot: &Hot) -> VmaInit {
    let other = (1..MAPPINGS as u8).map(|i| (hot.mapping + i) % MAPPINGS as u8);
    let other = other.into_iter().find(|m| p.mapping(*m).is_some()).unwrap_or(hot.mapping);
    let old = p.model.kernel.has_nonlinear();
    let kind = match b >> 4 & 7 {
        0..3 => VmaKind::Anon,
        4 if old => VmaKind::Nonlinear(hot.mapping),
        3 | 4 => VmaKind::Shared(hot.mapping),
        5 => VmaKind::Private(hot.mapping),
        6 => VmaKind::Shared(other),
        _ => VmaKind::Private(other),
    };
    let special = b & 3 == 3;
    let locked = (special || old) && b & 0x80 != 0;
    VmaInit { start: pages.start, end: pages.end, kind, read_only: special && !locked, locked }
}

/// A place for an anonymous page: half of them are where most operations look.
fn anon_place(p: &Program, b: u8, hot: &Hot) -> Option<(u8, u8)> {
    let mm = b >> 5 & 1;
    let first = if b & 4 != 0 { hot.index } else { b & 3 };
    let mms = if p.init.vmas_of(mm as usize).next().is_some() { mm..mm + 1 } else { 0..1 };
    let places = mms.flat_map(|mm| (0..VADDRS as u8).map(move |i| (mm, (first + i) % VADDRS as u8)));
    places.into_iter().find(|(mm, addr)| p.init.takes_anon(*mm as usize, *addr as usize, p.model.kernel))
}

/// A place for a swapped-out page of a tmpfs file, if the byte asks for one: the hot file's or the first there is.
fn shmem_place(p: &Program, b: u8, hot: &Hot) -> Option<(u8, u8)> {
    let files = (0..MAPPINGS as u8).map(|i| (hot.mapping + i) % MAPPINGS as u8);
    let file = files.filter(|_| b & 0x10 != 0).find_map(|m| Some((m, p.mapping(m).filter(MappingInit::is_shmem)?)));
    let (m, mapping) = file?;
    let free = |index: &u8| p.init.file_slot_at(m, *index).is_none() && !(m == hot.mapping && *index == hot.index);
    let index = (0..mapping.size).map(|i| ((b & 3) + i) % mapping.size).find(free)?;
    Some((m, index))
}

fn decode_swaps(p: &mut Program, bytes: &[u8], hot: &Hot) {
    if !p.model.kernel.has_writeback() {
        return;
    }
    for (i, b) in bytes.iter().enumerate().filter(|(_, b)| **b >= 0xC0) {
        if p.init.swaps[i].is_some() {
            continue;
        }
        p.init.swaps[i] = shmem_place(p, *b, hot)
            .map(|(mapping, index)| SwapInit::File { mapping, index })
            .or_else(|| anon_place(p, *b, hot).map(|(mm, addr)| SwapInit::Page { mm, addr }));
    }
}

fn decode_folios(p: &mut Program, bytes: &[u8], hot: &Hot) {
    let size = p.mapping(hot.mapping).map_or(SLOTS as u8, |m| m.size);
    let hot_place = FolioPlace::Cache { mapping: hot.mapping, index: hot.index % size };
    let hot_flags = bytes.get(2 * hot.folio as usize + 1).copied().unwrap_or(0);
    let (mapping, index) = (hot.mapping, hot.index % size);
    match hot_flags & 7 {
        6 if is_shmem(p, mapping) => {
            p.init.swaps[hot.folio as usize % SLOTS] = Some(SwapInit::File { mapping, index });
        }
        // Nobody could bring it in before there were reads.
        7 if is_shmem(p, mapping) || hot_flags & 0x20 != 0 && p.model.kernel.has_writeback() => {}
        _ => p.init.folios[hot.folio as usize] = Some(mlocked(p, folio(p, hot_place, hot_flags), hot_flags)),
    }
    let mut left = FOLIOS_DECODED - 1;
    for (i, pair) in bytes.chunks_exact(2).enumerate().take(FOLIOS) {
        let &[b, flags] = pair else { continue };
        if i == hot.folio as usize || left == 0 {
            continue;
        }
        if let Some(place) = place(p, b, hot) {
            p.init.folios[i] = Some(mlocked(p, folio(p, place, flags), flags));
            left -= 1;
        }
    }
}

fn is_shmem(p: &Program, mapping: u8) -> bool {
    p.mapping(mapping).is_some_and(|m| m.is_shmem())
}

fn place(p: &Program, b: u8, hot: &Hot) -> Option<FolioPlace> {
    match b >> 6 {
        0 => None,
        3 => anon_place(p, b, hot).map(|(mm, addr)| FolioPlace::Anon { mm, addr }),
        _ => {
            let other = (b >> 4 & 3) % MAPPINGS as u8;
            let mapping = if b & 3 < 2 || p.mapping(other).is_none() { hot.mapping } else { other };
            let size = p.mapping(mapping).map_or(SLOTS as u8, |m| m.size);
            (0..size)
                .map(|i| FolioPlace::Cache { mapping, index: ((b >> 2 & 3) + i) % size })
                .find(|place| !p.init.folios.iter().flatten().any(|f| f.place == *place))
        }
    }
}

fn folio(p: &Program, place: FolioPlace, b: u8) -> FolioInit {
    let mut flags = PG_UPTODATE;
    for (on, flag) in [
        (b & 7 != 7, PG_LRU),
        (b & 0x20 != 0, PG_DIRTY),
        (b & 0x40 != 0, PG_ACTIVE),
        (b & 0x80 != 0, PG_REFERENCED),
        (matches!(place, FolioPlace::Anon { .. }), PG_SWAPBACKED),
    ] {
        if on {
            flags |= flag;
        }
    }
    let FolioPlace::Cache { mapping, index } = place else { return FolioInit::new(place, flags) };
    let m = p.mapping(mapping).unwrap_or_default();
    if m.is_shmem() {
        // What has been written is nowhere else.
        flags |= PG_SWAPBACKED | if b & 7 != 0 { PG_DIRTY } else { 0 };
    }
    if matches!(b & 7, 5 | 6) && m.aops & (AOPS_BUFFERS | AOPS_IOMAP) != 0 {
        flags |= PG_PRIVATE;
    }
    if flags & PG_LRU != 0 && m.flags & AS_UNEVICTABLE != 0 {
        flags = flags & !PG_ACTIVE | PG_UNEVICTABLE;
    }
    let fits = |mm: &usize| b >> 3 >> mm & 1 != 0 && p.init.takes_file(*mm, mapping, index as usize, p.model.kernel);
    FolioInit { maps: (0..MMS).filter(fits).fold(0, |set, mm| set | 1 << mm), ..FolioInit::new(place, flags) }
}

/// The folio with PG_mlocked, if a locked VMA maps it; now and then mlock has missed it.
fn mlocked(p: &Program, mut f: FolioInit, b: u8) -> FolioInit {
    if p.init.mlocked(&f) && !matches!(b & 7, 4 | 5) {
        f.flags = f.flags & !PG_ACTIVE | PG_MLOCKED;
    }
    f
}

fn operation(code: u8, [x, y]: [u8; 2], hot: &Hot) -> Op {
    let bytes = [x & 31, y & 31, x >> 5 | y >> 5 << 3];
    let mut args = [0; 3];
    let kinds = TABLE.get(code as usize).map_or(&[][..], |s| s.args);
    for (i, ((arg, (_, kind)), b)) in args.iter_mut().zip(kinds).zip(bytes).enumerate() {
        let n = kind.values().max(1);
        let other = b >> 3;
        let low = b & 7;
        *arg = match (kind, low) {
            (Arg::Mapping, 0..7) => hot.mapping,
            // The second address of an operation is another place.
            (Arg::Addr | Arg::Index, _) if i == 2 => b % n,
            // VMAs map file page n at virtual page n.
            (Arg::Index | Arg::Addr, 0..7) => hot.index,
            (Arg::Pfn, 0..7) => hot.folio,
            (Arg::Process, _) if low < hot.process_1 => 0,
            (Arg::Process, _) => 1 % n,
            (Arg::Mapping, _) => (hot.mapping + 1 + other) % n,
            (Arg::Index | Arg::Addr, _) => (hot.index + 1 + other) % n,
            (Arg::Pfn, _) => (hot.folio + 1 + other) % n,
            (Arg::Count(_), 0..4) => 0,
            _ => (b >> 2) % n,
        };
    }
    Op { code, args }
}

/// Service tasks a schedule record can name. I/O is what most programs wait for.
const SERVICES: [usize; 8] =
    [IO_TASK, IO_TASK, RCU_TASK, KSWAPD_TASK, IO_TASK, KWORKER_TASK, KWORKER_TASK + 1, KWORKER_TASK + 2];

fn preemption(p: &Program, [c, n, anchor, to]: [u8; 4], nr_cpus: u8) -> Preempt {
    let services = p.model.kernel.has_writeback();
    let by_service = services && c >= 80;
    let service = |b: u8| SERVICES[b as usize % SERVICES.len()] as u8;
    let cpu = if by_service { service(c) } else { c % nr_cpus };
    let nr_ops = p.cpus.get(cpu as usize).map_or(2, |ops| ops.len().max(1) as u8);
    let n = match n >> 6 {
        0 | 1 => n & 0x1f,
        2 => n & 0x3f,
        _ => (n & 0x3f) + 64 * (1 + (anchor >> 6).min(2)),
    };
    let (anchor, k) = match anchor {
        0..0xE0 => (Anchor::Nth, u16::from(n) + 1),
        _ if anchor & 0x10 != 0 => (Anchor::End, 1),
        _ => (Anchor::Blocked, 1 + u16::from(n & 1)),
    };
    let to = match to {
        0xD0.. if services => service(to),
        0xE0.. => RCU_TASK as u8,
        _ if by_service => to % nr_cpus,
        _ if nr_cpus == 1 => RCU_TASK as u8,
        _ => (cpu + 1 + to % (nr_cpus - 1)) % nr_cpus,
    };
    let op = match anchor {
        _ if by_service => c >> 3 & 1,
        Anchor::End => nr_ops - 1,
        _ => c / nr_cpus % nr_ops,
    };
    Preempt { cpu, op, anchor, k, to }
}

/// The schedule records that [`decode`] to what these say in this program, and the start byte of the header. Records
/// that no bytes stand for (named sites, late operations of service tasks) are left out.
pub fn encode_schedule(p: &Program, schedule: &Schedule) -> (u8, Vec<[u8; RECORD]>) {
    let nr_cpus = p.nr_cpus() as u8;
    let starts = (128..=255).find(|b| b % nr_cpus == schedule.start % nr_cpus);
    let encoded = schedule.records.iter().filter_map(|r| encode(p, r, nr_cpus));
    (if schedule.start == 0 { 0 } else { starts.unwrap_or_default() }, encoded.collect())
}

fn encode(p: &Program, r: &Preempt, nr_cpus: u8) -> Option<[u8; RECORD]> {
    let service = |task: u8| SERVICES.iter().position(|s| *s == task as usize).map(|i| i as u8);
    let by_service = r.cpu >= nr_cpus;
    let c = if by_service { 80 + 8 * (r.op & 1) + service(r.cpu)? } else { r.cpu + nr_cpus * r.op };
    let k = r.k.checked_sub(1)?;
    let (n, anchor) = match (r.anchor, k) {
        (Anchor::Nth, 0..32) => (k as u8, 0),
        (Anchor::Nth, 32..64) => (0x80 | k as u8, 0),
        (Anchor::Nth, 64..256) => (0xC0 | (k & 0x3f) as u8, ((k / 64 - 1) as u8) << 6),
        (Anchor::Blocked, _) => (k as u8 & 1, 0xE0),
        (Anchor::End, _) => (0, 0xF0),
        _ => return None,
    };
    let to = match service(r.to) {
        Some(i) if r.to >= nr_cpus => 0xD0 + i,
        _ if by_service => r.to,
        _ => (r.to + nr_cpus).checked_sub(r.cpu + 1)? % nr_cpus,
    };
    let bytes = [c, n, anchor, to];
    (c <= u8::MAX - SCHEDULE && preemption(p, bytes, nr_cpus) == *r).then(|| [SCHEDULE + c, n, anchor, to])
}

/// What a fuzz target receives: text if the bytes begin with the magic line, else [`decode`]d bytes.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// A repro file.
    Text(File),
    /// A decoded program.
    Bytes(Program),
    /// Begins with the magic line and is not a repro file. Targets return at once.
    Malformed(ParseError),
}

static MODEL: OnceLock<Model> = OnceLock::new();

impl Input {
    /// Sets the model bytes are decoded for in this process. Only the first call counts; the answer says whether this
    /// one did. Without any, it is the default kernel.
    pub fn set_model(model: Model) -> bool {
        MODEL.set(model).is_ok()
    }

    /// The model bytes are decoded for.
    pub fn model() -> Model {
        MODEL.get().copied().unwrap_or_else(|| super::preset::model(Kernel::DEFAULT))
    }

    /// What these bytes stand for.
    pub fn of(data: &[u8]) -> Input {
        if !text::is_text(data) {
            return Input::Bytes(decode(data, Input::model()));
        }
        match File::parse(data) {
            Ok(file) => Input::Text(file),
            Err(e) => Input::Malformed(e),
        }
    }

    /// The program to run, if there is one.
    pub fn program(&self) -> Option<&Program> {
        match self {
            Input::Text(file) => Some(&file.program),
            Input::Bytes(program) => Some(program),
            Input::Malformed(_) => None,
        }
    }
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Input> {
        let n = u.len();
        u.bytes(n).map(Input::of)
    }

    fn arbitrary_take_rest(u: Unstructured<'a>) -> arbitrary::Result<Input> {
        Ok(Input::of(u.take_rest()))
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Input::Text(file) => write!(f, "{file:?}"),
            Input::Bytes(program) => write!(f, "{program:?}"),
            Input::Malformed(e) => write!(f, "not a repro file: {e}"),
        }
    }
}
