//! Programs made of nothing (see `prog::decode` for the bytes).

use super::{SCHEDULE, operation, preemption};
use crate::ops::{TABLE, Topic};
use crate::prog::{HEADER, RECORD};
use crate::sched::Rng;
use crate::vocab::{FOLIOS, Kernel, MAPPINGS};

const CPUS_2: u8 = 0x04;
const EXISTS: u8 = 0x80;
const PLACE: u8 = 0xC0;

/// First bytes of the header's parts.
const HOT: usize = 2;
const SWARM: usize = 3;
const MAPPING: usize = 5;
const FILE_SYSTEM: usize = 8;
const VMA: usize = 11;
const PROCESS_1: usize = 17;
const SWAP: usize = 18;
const FOLIO: usize = 22;

/// A page of memory at every address, what is in it by the upper bits.
const FOUR_PAGES: u8 = 0x0D;
const SHARED: u8 = 3 << 4;
const NONLINEAR: u8 = 4 << 4;
const PRIVATE: u8 = 5 << 4;
const LOCKED: u8 = 0x80;
/// Flags of a hot folio that is not there.
const HOLE: u8 = 0x27;

/// Operations of a fresh program that go through its kinds in turn.
const KINDS_FIRST: usize = 6;

/// A random header and operations, 0..=4 preemptions.
pub fn fresh(data: &mut [u8], limit: usize, kernel: Kernel, rng: &mut Rng) -> usize {
    for b in &mut data[..HEADER] {
        *b = rng.bits() as u8;
    }
    if !rng.one_in(4) {
        small_world(data, rng);
    }
    let room = (limit - HEADER) / RECORD;
    let nr_ops = match rng.below(3) {
        0 => by_roles(data, room, rng),
        _ => by_topic(data, room, kernel, rng),
    };
    let nr_preemptions = (rng.below(5) as usize).min(room - nr_ops);
    let size = HEADER + (nr_ops + nr_preemptions) * RECORD;
    for record in data[HEADER + nr_ops * RECORD..size].chunks_exact_mut(RECORD) {
        record.copy_from_slice(&preemption(rng));
    }
    size
}

/// 3..=8 operations of the header's swarm.
fn by_roles(data: &mut [u8], room: usize, rng: &mut Rng) -> usize {
    let nr_ops = (3 + rng.below(6) as usize).min(room);
    for (i, record) in data[HEADER..].chunks_exact_mut(RECORD).take(nr_ops).enumerate() {
        record.copy_from_slice(&operation(rng));
        if i < KINDS_FIRST {
            record[1] = i as u8; // each kind of the swarm once before any comes twice
        }
    }
    nr_ops
}

/// 2..=6 operations about one thing, in a world that has it.
fn by_topic(data: &mut [u8], room: usize, kernel: Kernel, rng: &mut Rng) -> usize {
    let topic = Topic::ALL[rng.below(Topic::ALL.len() as u32) as usize];
    let kinds = kinds_about(topic, kernel);
    if kinds.is_empty() {
        return by_roles(data, room, rng);
    }
    data[SWARM..SWARM + 2].fill(0);
    world_of(topic, data, rng);
    let nr_ops = (2 + rng.below(5) as usize).min(room);
    for record in data[HEADER..].chunks_exact_mut(RECORD).take(nr_ops) {
        record.copy_from_slice(&operation(rng));
        record[1] = kinds[rng.below(kinds.len() as u32) as usize];
    }
    nr_ops
}

/// Places among the operations of the kernel, which a byte of an input chooses from if the header names no swarm.
fn kinds_about(topic: Topic, kernel: Kernel) -> Vec<u8> {
    let kinds = TABLE.iter().filter(|spec| spec.kernels.contains(&kernel)).enumerate();
    kinds.filter(|(_, spec)| spec.topics.contains(&topic)).map(|(i, _)| i as u8).collect()
}

/// A random operation; in a program of one topic, mostly about that.
pub fn alike(header: &[u8; HEADER], list: &[[u8; RECORD]], kernel: Kernel, rng: &mut Rng) -> [u8; RECORD] {
    let mut new = operation(rng);
    if header[SWARM..SWARM + 2] != [0; 2] || rng.one_in(8) {
        return new;
    }
    let kinds: Vec<_> = TABLE.iter().filter(|spec| spec.kernels.contains(&kernel)).collect();
    let ops = list.iter().filter(|r| u32::from(r[0]) < SCHEDULE);
    let about = |topic: &Topic| ops.clone().all(|r| kinds[r[1] as usize % kinds.len()].topics.contains(topic));
    let topics: Vec<Topic> = Topic::ALL.into_iter().filter(about).collect();
    if let Some(topic) = topics.get(rng.below(topics.len() as u32) as usize) {
        let kinds = kinds_about(*topic, kernel);
        new[1] = kinds[rng.below(kinds.len() as u32) as usize];
    }
    new
}

/// Makes the world of a fresh program one in which operations meet: two CPUs, no mappings but the hot one, few folios
/// but the hot one, process 0 alone and with all its pages mapped. Each of it most of the time only.
fn small_world(data: &mut [u8], rng: &mut Rng) {
    let mut mostly = |bytes: std::ops::Range<usize>, clear: u8, set: u8| {
        for b in &mut data[bytes] {
            if !rng.one_in(4) {
                *b = *b & !clear | set;
            }
        }
    };
    mostly(0..1, CPUS_2, 0);
    mostly(MAPPING..FILE_SYSTEM, EXISTS, 0);
    mostly(VMA..VMA + 1, 0x0F, FOUR_PAGES);
    mostly(PROCESS_1..SWAP, EXISTS, 0);
    mostly(SWAP..FOLIO, PLACE, 0);
    for place in (FOLIO..HEADER).step_by(2) {
        mostly(place..place + 1, PLACE, 0);
    }
}

/// Puts what a topic is about at the hot page, most of the time.
fn world_of(topic: Topic, data: &mut [u8], rng: &mut Rng) {
    let system = FILE_SYSTEM + (data[HOT] & 3) as usize % MAPPINGS;
    let hot_folio = (data[HOT] >> 2 & 7) as usize % (FOLIOS - 2);
    let hot_flags = FOLIO + 2 * hot_folio + 1;
    let other_folio = FOLIO + 2 * ((hot_folio + 1) % (FOLIOS - 2));
    const AT_HOT: u8 = 4;
    match topic {
        Topic::Cache | Topic::Lru => {}
        Topic::Writeback => {
            data[system] = data[system] & !7 | (3 + rng.below(5)) as u8;
            data[VMA] = FOUR_PAGES | SHARED;
            if !rng.one_in(4) {
                data[hot_flags] |= 0x20; // dirty
            }
        }
        Topic::Anon | Topic::Swap => {
            data[VMA] = FOUR_PAGES;
            let swapped = if topic == Topic::Swap { rng.below(4) } else { 3 };
            match swapped {
                0 => {}
                1 | 2 => data[SWAP] = PLACE | AT_HOT,
                _ => data[other_folio] = PLACE | AT_HOT,
            }
        }
        Topic::Tmpfs => {
            data[system] = 1;
            data[VMA] = FOUR_PAGES | SHARED;
            match rng.below(4) {
                0 | 1 => data[hot_flags] = data[hot_flags] & !7 | 6, // swapped out
                2 => data[hot_flags] = HOLE,
                _ => {}
            }
        }
        Topic::Mapped => {
            data[VMA] = FOUR_PAGES | [SHARED, SHARED, NONLINEAR, PRIVATE][rng.below(4) as usize];
            if rng.one_in(3) {
                data[VMA] |= LOCKED;
            }
            data[hot_flags] = match rng.below(4) {
                0 => HOLE,
                _ => data[hot_flags] | 8, // in process 0
            };
        }
    }
}
