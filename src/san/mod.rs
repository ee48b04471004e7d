//! MMSAN: checks that watch the event stream.
//!
//! A check sees events and, like a sanitizer, may look at the machine's memory; it keeps its own shadow and never calls
//! the modelled kernel. Soundness direction: a finding is a violation on the executed interleaving; silence proves
//! nothing.
//!
//! Adding a check: its file, and a row in the table below.

/// The table of a check's kinds: name, whether it is actual, predictive or soft, the rule's code, one sentence.
macro_rules! kinds {
    (@actual) => { $crate::san::Stage::Actual };
    (@predictive) => { $crate::san::Stage::Predictive };
    (@soft) => { $crate::san::Stage::Soft };
    ($check:literal: $($id:ident = $name:literal $when:ident $code:literal $doc:literal;)+) => {
        $(static $id: KindSpec =
            KindSpec { check: $check, name: $name, stage: kinds!(@$when), code: $code, doc: $doc };)+
        static KINDS: &[&KindSpec] = &[$(&$id),+];
    };
}

mod context;
mod finding;
mod ledger;
mod state;

pub use finding::{CheckSet, CheckSpec, Finding, KindSpec, Stage};

use crate::machine::Machine;
use crate::vocab::{Event, Field, MAPPINGS, Obj, Topics, Via};
use context::Context;
use ledger::Ledger;
use state::file_of;

/// What a check may know besides its own shadow and the event. Both describe the state before the event.
pub(crate) struct View<'a> {
    pub m: &'a Machine,
    pub cx: &'a Context,
    pub ledger: &'a Ledger,
    /// Which soft kinds are asked for.
    pub set: CheckSet,
    /// Whether a search wants to be aimed; see [`Finding::hint`].
    pub hints: bool,
}

/// One check.
pub(crate) trait Check: Default {
    const SPEC: CheckSpec;
    const TOPICS: Topics;
    /// What its soft kinds need to see besides.
    const SOFT: Topics = Topics::none();
    /// What it needs to see besides to aim a search; see [`Finding::hint`].
    const HINTS: Topics = Topics::none();
    /// What it needs to see only from when an event has made it alert until another ends that: too frequent to be
    /// shown always.
    const WHILE_ALERT: Topics = Topics::none();
    fn is_alert(&self) -> bool {
        false
    }
    /// Forgets the last execution.
    fn reset(&mut self) {}
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding>;
}

/// The point before an access that a predictive rule objects to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NearMiss {
    pub task: u8,
    pub op: u8,
    /// The n-th point of the operation.
    pub nth: u16,
    /// Hash of its site.
    pub site: u32,
    /// Class of the folio's reference count then: how close to its end it is.
    pub count: u8,
    /// The mapping it is about, if it is about one.
    pub mapping: Option<u8>,
    /// The index of the folio it is about.
    pub index: Option<u8>,
}

/// Near misses kept of one execution.
const NEAR_MISSES: usize = 4;

/// Bits of the dispatch masks above the checks'.
const CONTEXT: u32 = 1 << 31;
const LEDGER: u32 = 1 << 30;

macro_rules! checks {
    ($($file:ident :: $check:ident),+ $(,)?) => {
        $(mod $file;)+

        /// Every check, in the order they are asked.
        pub static CHECKS: &[CheckSpec] = &[$(<$file::$check as Check>::SPEC),+];

        #[allow(non_camel_case_types, clippy::enum_variant_names)]
        #[repr(u32)]
        enum Bit { $($file),+ }

        /// The enabled checks and their shadows. Kept between executions.
        pub struct San {
            set: CheckSet,
            hints: bool,
            topics: Topics,
            /// Who wants an event, by topic.
            wanted: [u32; Topics::COUNT],
            cx: Context,
            ledger: Ledger,
            near: [NearMiss; NEAR_MISSES],
            nr_near: usize,
            /// Checks that are alert.
            alert: u32,
            $($file: $file::$check,)+
        }

        impl San {
            /// With `hints`, checks also look for places where a search should let others in.
            pub fn new(set: CheckSet, hints: bool) -> San {
                let mut wanted = [0; Topics::COUNT];
                let mut all = Topics::none();
                let mut subscribe = |topics: Topics, bit: u32| {
                    all = all.and(topics);
                    (0..Topics::COUNT).filter(|t| topics.has(*t as u16)).for_each(|t| wanted[t] |= bit);
                };
                subscribe(Context::TOPICS, CONTEXT);
                subscribe(Ledger::TOPICS, LEDGER);
                $(if set.has(Bit::$file as usize) {
                    subscribe(<$file::$check as Check>::TOPICS, 1 << Bit::$file as u32);
                    if hints {
                        subscribe(<$file::$check as Check>::HINTS, 1 << Bit::$file as u32);
                    }
                    if set.has_soft(&<$file::$check as Check>::SPEC) {
                        subscribe(<$file::$check as Check>::SOFT, 1 << Bit::$file as u32);
                    }
                })+
                San {
                    set,
                    hints,
                    topics: all,
                    wanted,
                    cx: Context::default(),
                    ledger: Ledger::default(),
                    near: Default::default(),
                    nr_near: 0,
                    alert: 0,
                    $($file: Default::default(),)+
                }
            }

            /// Forgets the last execution.
            pub fn reset(&mut self) {
                self.cx.reset();
                self.ledger.reset();
                self.nr_near = 0;
                if self.alert != 0 {
                    $(self.show::<$file::$check>(Bit::$file as u32, false);)+
                }
                $(self.$file.reset();)+
            }

            /// What the checks that are alert want to see.
            fn listening(&self) -> Topics {
                let mut all = Topics::none();
                $(if self.alert >> Bit::$file as u32 & 1 != 0 {
                    all = all.and(<$file::$check as Check>::WHILE_ALERT);
                })+
                all
            }
        }

        /// How each check is asked, by its bit. A table of functions keeps each check's code small and apart.
        static ASK: &[fn(&mut San, &Machine, &Event) -> Option<Finding>] = &[
            $(|s, m, e| {
                let found = s.$file.on(&View { m, cx: &s.cx, ledger: &s.ledger, set: s.set, hints: s.hints }, e);
                if const { !<$file::$check as Check>::WHILE_ALERT.is_empty() } {
                    let (bit, alert) = (Bit::$file as u32, s.$file.is_alert());
                    if alert != (s.alert >> bit & 1 != 0) {
                        s.show::<$file::$check>(bit, alert);
                        m.listen(s.listening());
                    }
                }
                found
            }),+
        ];
    };
}

checks! {
    quiesce::Quiesce,
    refcount::Refcount,
    freeze::Freeze,
    mapping::Mapping,
    folio_lock::FolioLock,
    uaf::Uaf,
    lru::Lru,
    badpage::BadPage,
    pagecache::PageCache,
    rmap::Rmap,
    pte::PteSet,
    swap::Swap,
    migration::Migration,
    writeback::Writeback,
    pins::Pins,
    content::Content,
    kcsan::Kcsan,
    race::Race,
    lockdep::Lockdep,
    atomic::Atomic,
    progress::Progress,
    regress::Regress,
    vmbug::VmBugs,
    mlock::Mlock,
    waiter::Waiter,
    audit::Audit,
}

impl San {
    /// Shows the check what it wants while it is alert, or no longer.
    #[cold]
    fn show<C: Check>(&mut self, bit: u32, alert: bool) {
        let asked = |t: usize| C::WHILE_ALERT.has(t as u16) && !C::TOPICS.has(t as u16);
        for t in (0..Topics::COUNT).filter(|t| asked(*t)) {
            self.wanted[t] = self.wanted[t] & !(1 << bit) | u32::from(alert) << bit;
        }
        self.alert = self.alert & !(1 << bit) | u32::from(alert) << bit;
    }

    /// The topics somebody wants.
    pub fn topics(&self) -> Topics {
        self.topics
    }

    /// Places of predictive findings that were not asked for, in the last execution: where another task should be let
    /// in to turn the prediction into damage.
    pub fn near_misses(&self) -> &[NearMiss] {
        &self.near[..self.nr_near]
    }

    #[cold]
    fn near_miss(&mut self, m: &Machine, e: &Event, found: &Finding) {
        if self.nr_near < NEAR_MISSES {
            let folio = found.folio.map(usize::from).or(match Via::from_aux(e.aux) {
                Via::Folio { folio, .. } if e.obj.as_mapping().is_some() => Some(folio as usize),
                _ => None,
            });
            let count = folio.map_or(0, |f| m.peek(Obj::folio(f, Field::Refcount)).min(4) as u8);
            let nth = found.aim.unwrap_or(m.nth(e.task as usize) as u16);
            let of_folio = || file_of(m, folio?);
            let mapping = e.obj.as_mapping().or_else(of_folio).filter(|m| *m < MAPPINGS).map(|m| m as u8);
            let index = folio.map(|f| m.peek(Obj::folio(f, Field::Index)) as u8);
            let (task, op, site) = (e.task, e.op, e.site.hash());
            self.near[self.nr_near] = NearMiss { task, op, nth, site, count, mapping, index };
            self.nr_near += 1;
        }
    }

    /// Shows every check that subscribed to it the event. The first finding ends the execution.
    #[inline]
    pub fn on(&mut self, m: &Machine, e: &Event) -> Option<Finding> {
        let wanted = self.wanted[e.topic as usize % Topics::COUNT];
        let mut left = wanted & (LEDGER - 1);
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            if let Some(f) = ASK[bit as usize](self, m, e) {
                if self.set.reports(&f) {
                    return Some(f);
                }
                if f.stage != Stage::Soft || f.hint {
                    self.near_miss(m, e, &f);
                }
            }
        }
        if wanted & CONTEXT != 0 {
            self.cx.on(m, e);
        }
        if wanted & LEDGER != 0 {
            self.ledger.on(e);
        }
        None
    }
}
