//! Interleaving feedback: windows of three accesses to one cell that involve two tasks, hashed into counters.

use crate::vocab::{Event, Field, Kind, Obj, Topics};

/// Number of counters; libFuzzer's scan of them costs a microsecond or two per input.
pub const COUNTERS: usize = 1 << 14;

#[derive(Clone, Copy, Default)]
struct Access {
    site: u32,
    task: u8,
}

/// Shadow of the last two accesses of every cell, and where windows are counted.
pub struct Feedback {
    counters: *mut u8,
    last: [[Access; 2]; Obj::COUNT],
    touched: [u16; 256],
    nr_touched: usize,
    /// Counters that were ever above 0, and how many of them the last execution was the first to raise.
    seen: Box<[u64; COUNTERS / 64]>,
    news: u32,
}

impl Feedback {
    /// `counters` stays where it is as long as the feedback is used.
    pub fn new(counters: &'static mut [u8; COUNTERS]) -> Feedback {
        Feedback {
            counters: counters.as_mut_ptr(),
            last: [[Access::default(); 2]; Obj::COUNT],
            touched: [0; 256],
            nr_touched: 0,
            seen: Box::new([0; COUNTERS / 64]),
            news: 0,
        }
    }

    /// The cells whose windows count: folios, address spaces and the LRU.
    pub fn topics() -> Topics {
        Field::ALL.iter().fold(Topics::none(), |t, f| match f.class() {
            crate::vocab::Class::Folio | crate::vocab::Class::Mapping | crate::vocab::Class::Lruvec => t.field(*f),
            _ => t,
        })
    }

    /// Forgets the last execution's accesses (not the counters).
    pub fn reset(&mut self) {
        for &obj in &self.touched[..self.nr_touched] {
            self.last[obj as usize] = [Access::default(); 2];
        }
        self.nr_touched = 0;
        self.news = 0;
    }

    /// Counters the last execution was the first to raise.
    pub fn news(&self) -> u32 {
        self.news
    }

    /// A near miss is a state worth keeping: its site with the count class.
    pub fn near_miss(&mut self, n: &crate::san::NearMiss) {
        self.count((n.site ^ u32::from(n.count).wrapping_mul(0x0100_0193)).wrapping_mul(0x9E37_79B9) >> 9);
    }

    #[inline]
    fn count(&mut self, h: u32) {
        let i = h as usize % COUNTERS;
        // SAFETY: the index is below COUNTERS, the length `new` was given; the array is static.
        let first = unsafe {
            let c = self.counters.add(i);
            *c = (*c).saturating_add(1);
            *c == 1
        };
        // libFuzzer clears the counters between inputs, so this is rare.
        if first {
            let (word, bit) = (&mut self.seen[i / 64], 1 << (i % 64));
            self.news += u32::from(*word & bit == 0);
            *word |= bit;
        }
    }

    #[inline]
    pub fn on(&mut self, e: &Event) {
        if e.kind == Kind::Note {
            return;
        }
        let obj = e.obj.0 as usize;
        let [a, b] = self.last[obj];
        let task = e.task + 1;
        if b.task == task && a.task == task {
            // Still alone with the cell.
            self.last[obj] = [b, Access { site: e.site.hash(), task }];
            return;
        }
        let site = e.site.hash();
        if b.task == 0 && self.nr_touched < self.touched.len() {
            self.touched[self.nr_touched] = e.obj.0;
            self.nr_touched += 1;
        }
        if b.task != 0 && (b.task != task || (a.task != 0 && a.task != task)) {
            let h = (a.site.rotate_left(11) ^ b.site.rotate_left(5) ^ site).wrapping_mul(0x9E37_79B9);
            self.count((h ^ (e.obj.field() as u32) << 7) >> 9);
        }
        self.last[obj] = [b, Access { site, task }];
    }
}
