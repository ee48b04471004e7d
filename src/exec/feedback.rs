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
}

impl Feedback {
    /// `counters` stays where it is as long as the feedback is used.
    pub fn new(counters: &'static mut [u8; COUNTERS]) -> Feedback {
        Feedback {
            counters: counters.as_mut_ptr(),
            last: [[Access::default(); 2]; Obj::COUNT],
            touched: [0; 256],
            nr_touched: 0,
        }
    }

    /// The cells whose windows count: folios, address spaces and the LRU.
    pub fn topics() -> Topics {
        Field::ALL.iter().fold(Topics::none(), |t, f| match f.class() {
            crate::vocab::Class::Folio | crate::vocab::Class::Mapping | crate::vocab::Class::Lruvec => t.field(*f),
            _ => t,
        })
    }

    /// The counters, to be read and cleared between inputs by who has no libFuzzer that does.
    pub fn counters(&mut self) -> &mut [u8; COUNTERS] {
        // SAFETY: `new` was given the array for good; nobody else has it.
        unsafe { &mut *self.counters.cast::<[u8; COUNTERS]>() }
    }

    /// Forgets the last execution's accesses (not the counters).
    pub fn reset(&mut self) {
        for &obj in &self.touched[..self.nr_touched] {
            self.last[obj as usize] = [Access::default(); 2];
        }
        self.nr_touched = 0;
    }

    /// A near miss is a state worth keeping: its site with the count class.
    pub fn near_miss(&mut self, n: &crate::san::NearMiss) {
        self.count((n.site ^ u32::from(n.count).wrapping_mul(0x0100_0193)).wrapping_mul(0x9E37_79B9) >> 9);
    }

    #[inline]
    fn count(&mut self, h: u32) {
        // SAFETY: the index is below COUNTERS, the length `new` was given; the array is static.
        unsafe {
            let c = self.counters.add(h as usize % COUNTERS);
            *c = (*c).saturating_add(1);
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
