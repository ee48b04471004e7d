//! The custom mutator: fresh programs, changed records, or libFuzzer's own mutations. A function of its arguments
//! and of the schedules that were remembered for inputs on this thread.

mod fresh;

use super::search::input_hash;
use crate::ops::TABLE;
use crate::prog::{File, HEADER, Input, Op, Program, RECORD, decode, encode_schedule, is_text};
use crate::sched::{Anchor, MAX_RECORDS, Preempt, Rng, Schedule};
use crate::vocab::{CPUS, IO_TASK, KSWAPD_TASK, Model, OPS_PER_CPU, RCU_TASK};
use fresh::fresh;
use std::cell::RefCell;

/// Bytes of the longest input worth having: a header and 16 records.
pub const MAX_BYTES: usize = HEADER + 16 * RECORD;
/// First byte of the first kind of schedule record (see `prog::decode`).
const SCHEDULE: u32 = 0xA0;

/// libFuzzer's own mutation: the buffer, the size of the input in it, the largest allowed size; the new size.
pub type DefaultMutation = dyn FnMut(&mut [u8], usize, usize) -> usize;

/// Changes the input `data[..size]` in place; the new size, at most `max_size`. `data` holds the larger of both.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, default: &mut DefaultMutation) -> usize {
    let max_size = max_size.min(data.len());
    let size = size.min(data.len());
    if max_size == 0 {
        return 0;
    }
    let mut rng = Rng::new(u64::from(seed));
    let limit = max_size.min(MAX_BYTES);
    let fits = limit >= HEADER + 2 * RECORD;
    if is_text(&data[..size]) {
        // A corpus of texts alone would have no fresh programs.
        if fits && rng.one_in(2) {
            return fresh(data, limit, Input::model().kernel, &mut rng);
        }
        let text = mutate_text(&data[..size], &mut rng).filter(|text| text.len() <= max_size);
        return replace(data, text.as_deref(), size.min(max_size));
    }
    if !fits {
        return fallback(data, size, max_size, default);
    }
    if size == 0 {
        return fresh(data, limit, Input::model().kernel, &mut rng);
    }
    match rng.below(6) {
        0..3 => fresh(data, limit, Input::model().kernel, &mut rng),
        3 | 4 => records(data, size, limit, &mut rng),
        _ => fallback(data, size, limit, default),
    }
}

/// The program the mutator makes of nothing, by this seed.
pub fn fresh_program(seed: u32, model: Model) -> Program {
    let mut data = [0; MAX_BYTES];
    let size = fresh(&mut data, MAX_BYTES, model.kernel, &mut Rng::new(u64::from(seed)));
    decode(&data[..size], model)
}

/// Inputs whose schedules are remembered.
const REMEMBERED: usize = 1 << 12;

/// A start byte and schedule records, for the input of this hash.
type Paid = (u64, u8, Vec<[u8; RECORD]>);

thread_local! {
    /// By the lower bits of the hash; the newest stays.
    static PAID: RefCell<Vec<Option<Paid>>> = const { RefCell::new(Vec::new()) };
}

/// The inner loop has found a schedule under which the input that decodes to the program of this [`input_hash`] shows
/// what is new: it will be part of some of the input's mutations, and so of the corpus.
pub fn remember(hash: u64, program: &Program, schedule: &Schedule) {
    let (start, records) = encode_schedule(program, schedule);
    if records.is_empty() {
        return;
    }
    PAID.with_borrow_mut(|paid| {
        paid.resize(REMEMBERED, None);
        paid[hash as usize % REMEMBERED] = Some((hash, start, records));
    });
}

fn remembered(input: &[u8]) -> Option<(u8, Vec<[u8; RECORD]>)> {
    let hash = input_hash(&decode(input, Input::model()));
    PAID.with_borrow(|paid| {
        let (known, start, records) = paid.get(hash as usize % REMEMBERED)?.as_ref()?;
        (*known == hash).then(|| (*start, records.clone()))
    })
}

/// libFuzzer may ask with an input larger than what is allowed; its own mutator may not be.
fn fallback(data: &mut [u8], size: usize, max_size: usize, default: &mut DefaultMutation) -> usize {
    default(data, size.min(max_size), max_size).min(max_size)
}

fn replace(data: &mut [u8], new: Option<&[u8]>, otherwise: usize) -> usize {
    let Some(new) = new else { return otherwise };
    for (to, from) in data.iter_mut().zip(new) {
        *to = *from;
    }
    new.len().min(data.len())
}

fn operation(rng: &mut Rng) -> [u8; RECORD] {
    let [_, a, b, c, ..] = rng.bits().to_le_bytes();
    [rng.below(SCHEDULE) as u8, a, b, c]
}

fn preemption(rng: &mut Rng) -> [u8; RECORD] {
    let [_, a, b, c, ..] = rng.bits().to_le_bytes();
    [(SCHEDULE + rng.below(256 - SCHEDULE)) as u8, a, b, c]
}

/// One to four changes of whole records, or of a byte of the header.
fn records(data: &mut [u8], size: usize, limit: usize, rng: &mut Rng) -> usize {
    let size = size.min(limit);
    let mut header = [0; HEADER];
    for (to, from) in header.iter_mut().zip(&data[..size]) {
        *to = *from;
    }
    let tail = data[..size].get(HEADER..).unwrap_or_default();
    let mut list: Vec<[u8; RECORD]> = tail.chunks_exact(RECORD).filter_map(|c| c.try_into().ok()).collect();
    let room = (limit - HEADER) / RECORD;
    if let Some((start, records)) = remembered(&data[..size]).filter(|_| rng.one_in(2)) {
        header[1] = start;
        list.retain(|r| u32::from(r[0]) < SCHEDULE);
        list.extend(records);
        list.truncate(room);
    }
    for _ in 0..1 + rng.below(4) {
        change(&mut header, &mut list, room, rng);
    }
    data[..HEADER].copy_from_slice(&header);
    for (to, from) in data[HEADER..].chunks_exact_mut(RECORD).zip(&list) {
        to.copy_from_slice(from);
    }
    HEADER + list.len() * RECORD
}

fn change(header: &mut [u8; HEADER], list: &mut Vec<[u8; RECORD]>, room: usize, rng: &mut Rng) {
    let new = match rng.below(3) {
        0 => preemption(rng),
        _ => fresh::alike(header, list, Input::model().kernel, rng),
    };
    let at = rng.below(list.len() as u32) as usize;
    match rng.below(8) {
        0 if list.len() < room => list.insert(rng.below(list.len() as u32 + 1) as usize, new),
        1 if list.len() < room && !list.is_empty() => list.insert(at, list[at]),
        2 if list.len() > 2 => drop(list.remove(at)),
        3 if !list.is_empty() => {
            let record = list.remove(at);
            list.insert(rng.below(list.len() as u32 + 1) as usize, record);
        }
        4 if !list.is_empty() => list[at] = new,
        5 | 6 if !list.is_empty() => list[at][rng.below(RECORD as u32) as usize] = rng.bits() as u8,
        _ => header[rng.below(HEADER as u32) as usize] = rng.bits() as u8,
    }
}

/// A changed program as text again; `None` if the text does not parse.
fn mutate_text(text: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let mut file = File::parse(text).ok()?;
    for _ in 0..1 + rng.below(3) {
        change_program(&mut file.program, rng);
    }
    file.program.fix_up();
    file.expect = Default::default();
    Some(file.print().into_bytes())
}

fn change_program(p: &mut Program, rng: &mut Rng) {
    let cpu = rng.below(p.nr_cpus() as u32 + u32::from(p.nr_cpus() < CPUS)) as usize;
    let at = rng.below(p.cpus[cpu].len() as u32) as usize;
    let nr_records = p.schedule.records.len();
    match rng.below(6) {
        0 if p.cpus[cpu].len() < OPS_PER_CPU => p.cpus[cpu].insert(at, random_op(rng)),
        1 if !p.cpus[cpu].is_empty() => drop(p.cpus[cpu].remove(at)),
        2 if !p.cpus[cpu].is_empty() => p.cpus[cpu][at].args[rng.below(3) as usize] = rng.bits() as u8,
        3 if nr_records > 0 => drop(p.schedule.records.remove(rng.below(nr_records as u32) as usize)),
        _ if nr_records < MAX_RECORDS => p.schedule.records.push(random_record(p, cpu, at, rng)),
        _ => p.schedule.start = cpu as u8,
    }
}

fn random_op(rng: &mut Rng) -> Op {
    let [a, b, c, ..] = rng.bits().to_le_bytes();
    Op { code: rng.below(TABLE.len() as u32) as u8, args: [a, b, c] }
}

fn random_record(p: &Program, cpu: usize, op: usize, rng: &mut Rng) -> Preempt {
    let services = [RCU_TASK, IO_TASK, IO_TASK, KSWAPD_TASK];
    let service = services[rng.below(services.len() as u32) as usize];
    let to = if rng.one_in(6) { service as u8 } else { rng.below(p.nr_cpus() as u32) as u8 };
    Preempt { cpu: cpu as u8, op: op as u8, anchor: Anchor::Nth, k: 1 + rng.below(32) as u16, to }
}
