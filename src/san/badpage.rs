//! The state of a folio when it is freed: what the kernel's `free_pages_prepare` reports as a bad page (MM-6.12 1.4).

use super::state::is_swapcache;
use super::{Check, CheckSpec, Finding, KindSpec, Stage, View};
use crate::vocab::*;

macro_rules! reasons {
    ($($id:ident = $name:literal $bits:expr;)+) => {
        $(static $id: KindSpec = KindSpec {
            check: "badpage",
            name: $name,
            stage: Stage::Actual,
            code: "R9, R-BADPAGE",
            doc: concat!("A folio is freed with ", $name, " set."),
        };)+
        static FLAG_KINDS: &[(u64, &KindSpec)] = &[$(($bits, &$id)),+];
        static KINDS: &[&KindSpec] = &[$(&$id,)+ &MLOCKED, &SWAPCACHE, &MAPPING, &MAPCOUNT];
    };
}

reasons! {
    LOCKED = "locked" PG_LOCKED;
    LRU = "lru" PG_LRU;
    WRITEBACK = "writeback" PG_WRITEBACK;
    PRIVATE = "private" PG_PRIVATE | PG_PRIVATE_2;
    ACTIVE = "active" PG_ACTIVE;
    UNEVICTABLE = "unevictable" PG_UNEVICTABLE;
}

static MLOCKED: KindSpec = KindSpec {
    check: "badpage",
    name: "mlocked",
    stage: Stage::Actual,
    code: "I-C9, R-BADPAGE(PG_mlocked)",
    doc: "A page is freed with PG_mlocked set; later kernels clear it then.",
};
static SWAPCACHE: KindSpec = KindSpec {
    check: "badpage",
    name: "swapcache",
    stage: Stage::Actual,
    code: "R9",
    doc: "A folio is freed while its flags say that it is in the swap cache.",
};
static MAPPING: KindSpec = KindSpec {
    check: "badpage",
    name: "mapping",
    stage: Stage::Actual,
    code: "R9, R-BADPAGE",
    doc: "A folio is freed while it belongs to a file.",
};
static MAPCOUNT: KindSpec = KindSpec {
    check: "badpage",
    name: "mapcount",
    stage: Stage::Actual,
    code: "R9, R-BADPAGE",
    doc: "A folio is freed while it is mapped.",
};

#[derive(Default)]
pub(super) struct BadPage;

impl Check for BadPage {
    const SPEC: CheckSpec = CheckSpec { name: "badpage", title: "page state at free", kinds: KINDS };
    const TOPICS: Topics = Topics::none().note(Note::FolioFree);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        let word = |field| v.m.peek(Obj::folio(f, field));
        let flags = word(Field::Flags);
        let kind = FLAG_KINDS.iter().find(|(bits, _)| flags & bits != 0).map(|(_, kind)| *kind);
        let mlocked = flags & PG_MLOCKED != 0 && !v.m.model().kernel.has_folios();
        let kind = kind.or(mlocked.then_some(&MLOCKED));
        let kind = kind.or(is_swapcache(flags).then_some(&SWAPCACHE));
        let kind = kind.or((word(Field::FolioMapping) != 0).then_some(&MAPPING));
        let kind = kind.or((word(Field::Mapcount) != 0).then_some(&MAPCOUNT))?;
        let others = v.cx.folios[f].written.iter().enumerate().filter(|(task, _)| *task != e.task as usize);
        let other = others.map(|(_, at)| *at).max().filter(|at| *at != 0);
        Some(kind.at(e).with_other(other))
    }
}
